"""bias_act equals its formula, natively and in plain torch."""

import pytest
import torch

from cuda_ext import bias_act


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(3, 5), (2, 5, 7), (2, 7, 3, 4), (0, 3, 2, 2), (1, 40, 9, 9)])
@pytest.mark.parametrize("impl", ["reference", "auto"])
def test_formula(dtype, shape, impl, tolerance, error_of) -> None:
    torch.manual_seed(0)
    x, b = torch.randn(shape).to(dtype), torch.randn(shape[1])
    y = x.double() + b.double().reshape(-1, *[1] * (len(shape) - 2))
    want = (torch.where(y < 0, y * 0.1, y) * 1.5).clamp(-1.25, 1.25)
    for layout in (x, x.movedim(1, -1).contiguous().movedim(-1, 1)):
        got = bias_act(layout, b, gain=1.5, slope=0.1, clamp=1.25, impl=impl)
        assert got.dtype == dtype
        assert error_of(got, want) < tolerance[dtype]


@pytest.mark.parametrize("impl", ["reference", "auto"])
def test_gradients_match_finite_differences(impl) -> None:
    torch.manual_seed(1)
    x = torch.randn(2, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    b = torch.randn(3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda x, b: bias_act(x, b, gain=1.5, slope=0.1, clamp=1.25, impl=impl), (x, b)
    )
