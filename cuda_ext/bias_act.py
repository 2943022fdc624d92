"""bias_act: bias, leaky ReLU, gain and clamp in one pass."""

from types import ModuleType
from typing import Any

import torch

from cuda_ext import checks, dispatch, reference


def bias_act(
    x: torch.Tensor,
    b: torch.Tensor | None = None,
    gain: float = 2**0.5,
    slope: float = 0.2,
    clamp: float | None = None,
    impl: str = "auto",
) -> torch.Tensor:
    """Adds the bias, applies leaky ReLU, multiplies by the gain, clamps.

    Args:
        x: [N, C, ...].
        b: [C] or None.
        gain: factor after the activation.
        slope: of the negative side; 1 is linear.
        clamp: limit of the absolute value of the result, or None.
        impl: "auto", "native" or "reference".

    Returns:
        A tensor of the shape and dtype of `x`.

    Raises:
        TypeError, ValueError: an argument is wrong; the message names it.
        RuntimeError: `impl` is "native" and no native kernel serves `x`.
    """
    x = checks.check_channels(x)
    b = checks.check_bias(b, x)
    gain, slope = checks.check_number(gain, "gain"), checks.check_number(slope, "slope")
    clamp = checks.check_clamp(clamp)
    module = dispatch.choose(checks.check_impl(impl), x)
    needs_grad = torch.is_grad_enabled() and (
        x.requires_grad or (b is not None and b.requires_grad)
    )
    if module is None or needs_grad:
        return reference.bias_act(x, b, gain, slope, clamp)
    return bias_act_cpu(module, x, b, gain, slope, clamp)


def bias_act_cpu(
    module: ModuleType,
    x: torch.Tensor,
    b: torch.Tensor | None,
    gain: float,
    slope: float,
    clamp: float | None,
) -> torch.Tensor:
    """The native kernel on a CPU tensor; the result has the layout of `x`."""
    channels_last = x.ndim == 4 and x.is_contiguous(memory_format=torch.channels_last)
    if not channels_last:
        x = x.contiguous()
    y = torch.empty_like(x)
    bias = None if b is None else b.detach().float().contiguous()
    # seen as [outer, channels, inner]
    inner = 1 if channels_last else _product(x.shape[2:])
    outer = x.shape[0] * (_product(x.shape[2:]) if channels_last else 1)
    args: tuple[Any, ...] = (gain, slope, -1.0 if clamp is None else clamp)
    module.bias_act(
        x.data_ptr(),
        y.data_ptr(),
        0 if bias is None else bias.data_ptr(),
        (outer, x.shape[1], inner),
        *args,
        dispatch.NATIVE_DTYPES[x.dtype],
    )
    return y


def _product(sizes: torch.Size) -> int:
    return sizes.numel()
