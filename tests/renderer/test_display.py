"""From values to pixels."""

from __future__ import annotations

import torch

from renderer.display import TOO_BRIGHT, TOO_DARK, mark_outside, scaled, to_uint8


def test_only_values_beyond_the_range_are_marked() -> None:
    values = torch.tensor([[-1.01, -1.0, -0.999, 0.0, 0.999, 1.0, 1.01, float("nan")]])[None]
    marked = mark_outside(to_uint8(values, False, 0.0), scaled(values, False, 0.0))
    colors = [tuple(pixel) for pixel in marked[0].tolist()]
    assert colors[0] == TOO_DARK
    assert colors[6:] == [TOO_BRIGHT, TOO_BRIGHT]
    assert all(len(set(color)) == 1 for color in colors[1:6])


def test_the_gain_decides_what_is_outside() -> None:
    values = torch.full([3, 1, 1], 0.6)
    quiet, loud = (scaled(values, False, gain_db) for gain_db in (4.0, 5.0))
    plain = to_uint8(values, False, 0.0)
    assert torch.equal(mark_outside(plain, quiet), plain)
    assert mark_outside(plain, loud)[0, 0].tolist() == list(TOO_BRIGHT)


def test_normalized_values_are_never_outside() -> None:
    values = torch.randn(3, 5, 5) * 100
    plain = to_uint8(values, True, 0.0)
    assert torch.equal(mark_outside(plain, scaled(values, True, 0.0)), plain)
