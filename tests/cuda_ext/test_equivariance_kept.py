"""The native path of float32 moves and turns pictures as faithfully as plain torch does."""

import math
from pathlib import Path

import pytest
import torch

import networks
from cuda_ext import dispatch, native
from renderer import equivariance

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
LIMIT_DB = 0.5
SHIFT_PX = 5
ANGLES = (0.4, 2.1)  # radians


@pytest.fixture(scope="module", params=["stylegan3-t-64", "stylegan3-r-64"])
def generator(request: pytest.FixtureRequest) -> networks.Generator:
    if native.load()[0] is None:
        pytest.skip(native.load()[1])
    return networks.load_generator(GOLDEN / f"{request.param}.pkl").requires_grad_(False)


def turned(angle: float) -> list[list[float]]:
    cos, sin = math.cos(angle), math.sin(angle)
    return [[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]]


def shifted(tx: float) -> list[list[float]]:
    return [[1, 0, tx], [0, 1, 0], [0, 0, 1]]


def equivariance_of(generator: networks.Generator) -> tuple[float, float, torch.Tensor]:
    """EQ-T and EQ-R in dB, signal over error, and the picture that was neither moved nor turned."""
    size = generator.img_resolution
    z = torch.randn(2, generator.z_dim, generator=torch.Generator().manual_seed(0))
    c = torch.zeros(2, generator.c_dim)

    def draw(transform: list[list[float]]) -> torch.Tensor:
        return generator.synthesis(generator.mapping(z, c), input_transform=transform)

    plain, tx = draw(shifted(0)), SHIFT_PX / size
    wanted, mask = equivariance.integer_translation(plain, tx, 0)
    eq_t = equivariance.normalized_db(wanted, draw(shifted(tx)), mask)
    eq_r = []
    for angle in ANGLES:
        wanted, mask = equivariance.fractional_rotation(plain, angle)
        made, made_mask = equivariance.fractional_pseudo_rotation(draw(turned(angle)), angle)
        eq_r.append(equivariance.normalized_db(wanted, made, mask * made_mask))
    return eq_t, sum(eq_r) / len(eq_r), plain


def test_equivariance_is_that_of_plain_torch(generator, monkeypatch) -> None:
    with torch.no_grad():
        native_t, native_r, picture = equivariance_of(generator)
        monkeypatch.setattr(dispatch, "why_not_native", lambda device, dtype: "a test")
        plain_t, plain_r, plain_picture = equivariance_of(generator)
    print(f"EQ-T {native_t:.3f} native, {plain_t:.3f} plain; EQ-R {native_r:.3f}, {plain_r:.3f} dB")
    assert not torch.equal(picture, plain_picture), "both ways were the same"
    assert abs(native_t - plain_t) <= LIMIT_DB
    assert abs(native_r - plain_r) <= LIMIT_DB
    assert native_t > 20, "the translation does not do what it should"
