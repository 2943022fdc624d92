"""From values to pixels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from renderer.display import TOO_BRIGHT, TOO_DARK, to_uint8

GAINS = (1.0, 0.3, 40.0)


def plain(values: torch.Tensor, gain: float) -> np.ndarray:
    """The definition, of numbers: value·gain·127.5 + 128, clamped, truncated; [H, W, C]."""
    levels = np.clip(values.numpy() * np.float32(gain) * 127.5 + 128, 0, 255)
    return np.asarray(levels, np.uint8).transpose(1, 2, 0)


@pytest.mark.parametrize("size", [(17, 13), (1100, 1000)])  # all channels at once, or one by one
@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_are_the_definition(channels: int, size: tuple[int, int]) -> None:
    values = torch.randn(channels, *size, generator=torch.Generator().manual_seed(0))
    tops = values.abs().amax(dim=(1, 2))
    for gain in GAINS:
        assert np.array_equal(to_uint8(values, gain).numpy(), plain(values, gain))
        relative = values / tops[:, None, None]
        assert np.array_equal(to_uint8(values, gain, tops).numpy(), plain(relative, gain))


def test_no_number_is_black_and_infinities_are_the_ends() -> None:
    values = torch.tensor([[[float("nan"), float("inf"), -float("inf")]]])
    assert to_uint8(values).flatten().tolist() == [0, 255, 0]
    assert to_uint8(values, 0.0).flatten().tolist() == [0, 0, 0]  # 0·∞ is no number


def test_only_values_beyond_the_range_are_marked() -> None:
    values = torch.tensor([[-1.01, -1.0, -0.999, 0.0, 0.999, 1.0, 1.01, float("nan")]])[None]
    colors = [tuple(pixel) for pixel in to_uint8(values, mark_outside=True)[0].tolist()]
    assert colors[0] == TOO_DARK
    assert colors[6:] == [TOO_BRIGHT, TOO_BRIGHT]
    assert all(len(set(color)) == 1 for color in colors[1:6])


def test_one_channel_outside_is_enough_and_too_bright_wins() -> None:
    for values, color in (
        ((0.0, -2.0, 0.5), TOO_DARK),
        ((0.0, 0.5, 2.0), TOO_BRIGHT),
        ((-2.0, 0.5, 2.0), TOO_BRIGHT),
    ):
        pixels = to_uint8(torch.tensor(values)[:, None, None], mark_outside=True)
        assert tuple(pixels[0, 0].tolist()) == color


def test_the_gain_decides_what_is_outside() -> None:
    values = torch.full([3, 1, 1], 0.6)
    for gain in (1.0, 1.6):
        assert torch.equal(to_uint8(values, gain, mark_outside=True), to_uint8(values, gain))
    assert to_uint8(values, 1.7, mark_outside=True)[0, 0].tolist() == list(TOO_BRIGHT)


def test_normalized_values_are_never_outside() -> None:
    values = torch.randn(3, 5, 5) * 100
    tops = values.abs().amax(dim=(1, 2))
    marked = to_uint8(values, 1.0, tops, mark_outside=True)
    assert torch.equal(marked, to_uint8(values, 1.0, tops))
