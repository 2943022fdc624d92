"""filtered_lrelu equals the golden numbers; the native kernel equals the reference."""

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
