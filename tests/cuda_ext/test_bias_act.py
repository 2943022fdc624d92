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


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("impl", ["reference", "auto"])
@pytest.mark.parametrize("one_noise", [True, False])
@pytest.mark.parametrize("channels", [3, 20])
def test_scale_and_noise_come_first(dtype, impl, one_noise, channels, tolerance, error_of) -> None:
    torch.manual_seed(2)
    x, b = torch.randn(2, channels, 5, 6).to(dtype), torch.randn(channels)
    scale, noise = torch.rand(2, channels), torch.randn((5, 6) if one_noise else (2, 1, 5, 6))
    y = x.double() * scale[:, :, None, None] + noise + b[:, None, None]
    want = torch.where(y < 0, y * 0.2, y) * 2**0.5
    for layout in (x, x.contiguous(memory_format=torch.channels_last)):
        got = bias_act(layout, b, impl=impl, x_scale=scale, noise=noise)
        assert error_of(got, want) < tolerance[dtype] * 2
    with pytest.raises(ValueError, match=r"noise must have the shape \[5, 6\] or \[2, 1, 5, 6\]"):
        bias_act(x, b, noise=noise[..., :3])
