"""The memory of activations."""

from __future__ import annotations

import torch

from renderer.planes import planes


def test_planes_are_contiguous_and_the_same_values_in_every_layout() -> None:
    for dtype in (torch.float32, torch.bfloat16):
        x = torch.randn(70, 65, 67).to(dtype)
        last = x.permute(1, 2, 0).contiguous().permute(2, 0, 1)
        turned = x.transpose(1, 2).contiguous().transpose(1, 2)
        for layout in (x, last, turned, x[3:9], last[3:9], last[3:4]):
            got = planes(layout)
            assert got.is_contiguous()
            assert got.dtype == dtype
            assert torch.equal(got, layout)


def test_what_is_contiguous_is_not_copied() -> None:
    x = torch.zeros(3, 4, 5)
    assert planes(x).data_ptr() == x.data_ptr()
