"""The call of `styled_layer` into the native module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from cuda_ext import cpu
from cuda_ext.dispatch import NATIVE_DTYPES
from cuda_ext.modulated_conv2d import ConvWeight

if TYPE_CHECKING:
    from cuda_ext.styled_layer import Filter, Style


def spent(seconds: tuple[float, float]) -> None:
    """Seconds of a call's convolution and of its filter: benchmarks put a listener here."""


def run_layer(
    module: Any,
    x: torch.Tensor,
    w: torch.Tensor,
    weight: ConvWeight,
    style: Style,
    after: Filter,
    padding: int,
    size: tuple[int, int],
) -> torch.Tensor:
    """styled_layer on float32 or bfloat16 [N, C, H, W]; `size` is that of the result."""
    source = cpu.even_pixels(x)
    n, c, height, width = x.shape
    out, grown = int(weight.weight.shape[0]), 2 * padding - weight.kernel + 1
    wide = (height + grown, width + grown)  # of the convolution's result
    middle = cpu.new_picture((n, out, *wide), x.dtype, pad=out > cpu.LINE)
    filtered = after.fu is not None or after.fd is not None
    y = cpu.new_picture((n, out, *size), x.dtype, pad=out > cpu.LINE) if filtered else middle
    # kept alive until the call returns
    values = (after.b, w, style.affine, style.affine_bias, style.magnitude, style.power)
    vectors = [cpu.floats(value) for value in values]
    filters = [cpu.floats(after.fu), cpu.floats(after.fd)]
    seconds = module.layer(
        (
            *(t.data_ptr() for t in (source, middle, y)),
            *(0 if v is None else v.data_ptr() for v in vectors),
            weight.packed(module).data_ptr(),
        ),
        (n, c, height, width, out, *wide, *size, w.shape[1]),
        tuple((t.stride(0), t.stride(2), t.stride(3)) for t in (source, middle, y)),
        w.shape[1],
        (weight.kernel, padding),
        cpu.filter_numbers(filters[0]),
        cpu.filter_numbers(filters[1]),
        filtered,
        (after.up, after.down, after.padding[0], after.padding[2]),
        (
            *(style.affine_gain, style.gain, style.epsilon, after.gain * after.up**2, after.slope),
            -1.0 if after.clamp is None else after.clamp,
        ),
        NATIVE_DTYPES[x.dtype],
        torch.get_num_threads(),
    )
    spent(seconds)
    return y
