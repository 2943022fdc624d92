"""The equivariance operators against golden numbers, their masks exactly, and the dB."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from renderer import equivariance
from renderer.errors import Superseded

GOLDEN = np.load(Path(__file__).parent.parent / "golden" / "equivariance_operators.npz")
TOLERANCE = 1e-4  # of the largest value
OPERATORS = (
    "integer_translation",
    "fractional_translation",
    "fractional_rotation",
    "fractional_pseudo_rotation",
)


@pytest.mark.parametrize("case", [0, 1])
@pytest.mark.parametrize("operator", OPERATORS)
def test_operators_match_the_golden_numbers(operator: str, case: int) -> None:
    x = torch.from_numpy(GOLDEN["x"])
    args = GOLDEN[f"{operator}/{case}/args"].tolist()
    y, mask = getattr(equivariance, operator)(x, *args)
    want = GOLDEN[f"{operator}/{case}/y"]
    assert np.abs(y.numpy() - want).max() <= TOLERANCE * np.abs(want).max()
    assert np.array_equal(mask.numpy(), GOLDEN[f"{operator}/{case}/mask"])


@pytest.mark.parametrize("operator", OPERATORS[:2])
def test_translations_beyond_the_picture_leave_nothing_valid(operator: str) -> None:
    x = torch.randn(1, 2, 12, 16)
    for tx, ty in ((1.5, 0.0), (-1.5, 0.2), (0.1, -3.0), (0.0, 1.0)):
        y, mask = getattr(equivariance, operator)(x, tx, ty)
        assert y.shape == x.shape
        assert mask.sum() == 0


@pytest.mark.parametrize("shift", [(2, -3), (-5, 1), (0, 0)])
def test_a_whole_pixel_lanczos_shift_is_the_roll(shift: tuple[int, int]) -> None:
    x = torch.randn(2, 3, 24, 20)
    tx, ty = shift[0] / 20, shift[1] / 24
    y, mask = equivariance.fractional_translation(x, tx, ty)
    rolled, rolled_mask = equivariance.integer_translation(x, tx, ty)
    assert torch.allclose(y * mask, rolled * mask, atol=1e-5)
    assert bool((mask <= rolled_mask).all())


def test_pieces_make_the_same_whole_and_may_be_stopped_between(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x = torch.randn(2, 5, 20, 24)
    matrix = ((0.9, 0.3, 0.1), (-0.2, 1.1, 0.0), (0.0, 0.0, 1.0))
    pieces: list[int] = []
    whole, mask = equivariance.affine(x, matrix, lambda: pieces.append(1))
    assert len(pieces) == 1
    two_channels = 2 * equivariance.UP**2 * x[:, :1].numel()
    monkeypatch.setattr(equivariance, "PIECE_VALUES", two_channels)
    again, again_mask = equivariance.affine(x, matrix, lambda: pieces.append(1))
    assert len(pieces) == 1 + 3
    assert torch.equal(again, whole)
    assert torch.equal(again_mask, mask)

    def stop() -> None:
        raise Superseded

    with pytest.raises(Superseded):
        equivariance.untransform(x, matrix, stop)


def test_untransform_undoes_a_shift_of_a_band_limited_picture() -> None:
    axis = (torch.arange(48) + 0.5) / 48 - 0.5
    bump = torch.exp(-((axis / 0.12) ** 2))
    x = (bump[:, None] * bump)[None, None]
    moved = torch.exp(-(((axis - 0.1) / 0.12) ** 2))
    moved_x = (bump[:, None] * moved)[None, None]
    matrix = ((1.0, 0.0, 0.1), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    back = equivariance.untransform(moved_x, matrix)
    centre = slice(16, 32)
    assert torch.allclose(back[..., centre, centre], x[..., centre, centre], atol=5e-3)


def test_decibels_of_known_errors() -> None:
    reference = torch.zeros(1, 1, 4, 4)
    reference[..., ::2] = 1.0
    generated = reference + 0.1
    mask = torch.ones_like(reference)
    paper = equivariance.equivariance_db(reference, generated, mask)
    assert paper == pytest.approx(20 * math.log10(2) + 20)
    # the reference's power about its mean is 0.25, the error's 0.01
    normalized = equivariance.normalized_db(reference, generated, mask)
    assert normalized == pytest.approx(10 * math.log10(25))


def test_only_the_normalized_form_ignores_contrast() -> None:
    reference, error = torch.randn(1, 3, 8, 8), torch.randn(1, 3, 8, 8) * 0.01
    mask = torch.ones_like(reference)
    full = equivariance.normalized_db(reference, reference + error, mask)
    half = equivariance.normalized_db(reference / 2, (reference + error) / 2, mask)
    assert half == pytest.approx(full, abs=1e-4)
    paper = equivariance.equivariance_db(reference, reference + error, mask)
    paper_half = equivariance.equivariance_db(reference / 2, (reference + error) / 2, mask)
    assert paper_half == pytest.approx(paper + 20 * math.log10(2), abs=1e-4)


def test_masked_pixels_do_not_count() -> None:
    reference = torch.randn(1, 1, 6, 6)
    generated = reference.clone()
    generated[..., 0] += 100
    mask = torch.ones_like(reference)
    mask[..., 0] = 0
    assert equivariance.equivariance_db(reference, generated, mask) == math.inf
    assert equivariance.normalized_db(reference, generated, mask) == math.inf
    assert math.isnan(equivariance.equivariance_db(reference, generated, mask * 0))
