"""filtered_lrelu equals the golden numbers; the native kernel equals the reference."""

import math

import pytest
import torch

from cuda_ext import filtered_lrelu


@pytest.mark.parametrize("impl", ["reference", "auto"])
def test_golden(golden_case, impl, tolerance, error_of) -> None:
    arguments = {name: value for name, value in golden_case.items() if name != "y"}
    got = filtered_lrelu(**arguments, impl=impl)
    assert error_of(got, golden_case["y"]) < tolerance["golden"]


def test_padding_may_crop_more_than_the_image_where_the_other_side_is_padded() -> None:
    x = torch.ones(1, 1, 4, 4)
    got = filtered_lrelu(x, padding=(-6, 9, 0, 0), gain=1)
    assert got.shape == (1, 1, 4, 7)
    assert not got.any()


def test_empty_batch_gives_an_empty_result() -> None:
    got = filtered_lrelu(torch.zeros(0, 3, 6, 6), torch.ones(4), torch.ones(4), up=2, padding=3)
    assert got.shape == (0, 3, 12, 12)


@pytest.mark.parametrize("up", [2, 4])
@pytest.mark.parametrize("radial", [False, True])
def test_clamping_begins_where_values_are_large_enough(up, radial, error_of) -> None:
    """Strips skip the clamp for rows that cannot need it."""
    taps = torch.hann_window(6 * up + 2, periodic=False)[1:-1]
    fu, fd = taps / taps.sum(), torch.hann_window(14, periodic=False)[1:-1]
    fd = torch.outer(fd, fd) if radial else fd
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(1, 20, 40, 26, generator=rng).to(memory_format=torch.channels_last)
    options = {"up": up, "down": 2, "padding": [9, 9, 9, 9], "gain": 1.4}
    for size in (0.5, 3.0, 30.0):  # nothing is clamped, some of it, most of it
        x[:, 7, 17, 13] = size
        for clamp in (None, 0.0, 1.0, 8.0):
            got = filtered_lrelu(x, fu, fd, clamp=clamp, **options)
            want = filtered_lrelu(x.double(), fu, fd, clamp=clamp, impl="reference", **options)
            assert error_of(got, want) < 1e-5
    x[:, 3, 20, 5] = math.nan
    got = filtered_lrelu(x, fu, fd, clamp=8.0, **options)
    want = filtered_lrelu(x, fu, fd, clamp=8.0, impl="reference", **options)
    assert torch.equal(got.isnan(), want.isnan())
    assert 0 < int(got.isnan().sum()) < got.numel() / 8
