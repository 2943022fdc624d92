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


class LayerCall:
    """A layer on inputs of one shape, dtype and layout, with everything that stays laid out once.

    Values of the layer may change in place; their memory stays in use as long as this object.
    """

    def __init__(
        self,
        module: Any,
        x: torch.Tensor,
        weight: ConvWeight,
        style: Style,
        after: Filter,
        padding: int,
        size: tuple[int, int],
    ) -> None:
        """`x` is an example of the input (`cpu.even_pixels`), `size` is that of the result."""
        n, c, height, width = x.shape
        out, grown = int(weight.weight.shape[0]), 2 * padding - weight.kernel + 1
        wide = (height + grown, width + grown)  # of the convolution's result
        filtered = after.fu is not None or after.fd is not None
        y = cpu.new_picture((n, out, *size), x.dtype, pad=out > cpu.LINE)
        values = (after.b, style.affine, style.affine_bias, style.magnitude, style.power)
        vectors = [cpu.floats(value) for value in values]
        filters = [cpu.floats(after.fu), cpu.floats(after.fd)]
        packed = weight.packed(module)
        self._kept = (vectors, filters, packed)
        self._shape, self._strides, self._dtype = y.shape, y.stride(), x.dtype
        self._native = module.Layer(
            (*(0 if v is None else v.data_ptr() for v in vectors), packed.data_ptr()),
            (n, c, height, width, out, *wide, *size, style.affine.shape[1]),
            tuple((t.stride(0), t.stride(2), t.stride(3)) for t in (x, y)),
            (weight.kernel, padding),
            cpu.filter_numbers(filters[0]),
            cpu.filter_numbers(filters[1]),
            filtered,
            (after.up, after.down, after.padding[0], after.padding[2]),
            (
                *(style.affine_gain, style.gain, style.epsilon),
                *(after.gain * after.up**2, after.slope),
                -1.0 if after.clamp is None else after.clamp,
            ),
            NATIVE_DTYPES[x.dtype],
        )

    def __call__(self, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        """`w` [N, w_dim] is of float32 and has its numbers side by side."""
        y = torch.empty_strided(self._shape, self._strides, dtype=self._dtype)
        threads = torch.get_num_threads()
        spent(self._native.run(x.data_ptr(), w.data_ptr(), w.stride(0), y.data_ptr(), threads))
        return y
