"""Inference on the CPU: layers through native kernels, one memory layout from input to picture.

The same arithmetic as the plain modules with the same names of layers and the same results, for
forward hooks too; constant weights are prepared once and styles and demodulation are folded into
the convolution and the operation after it. Training and gradients take the plain path.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

import cuda_ext
from networks.layers import DenseSpec, FullyConnected
from networks.modulation import UnitWeight, rms_weight, unit_weight


class FastWeight(NamedTuple):
    """A convolution weight prepared for the native path."""

    conv: cuda_ext.ConvWeight  # unit norm per output channel, or the plain weight
    unit: UnitWeight | None  # for demodulation; its own weight is left out


def prepare_rms(weight: Tensor) -> FastWeight:
    """Of a StyleGAN3 layer."""
    return _prepare(rms_weight(weight))


def prepare_unit(weight: Tensor) -> FastWeight:
    """Of a StyleGAN2 layer."""
    return _prepare(unit_weight(weight))


def prepare_transposed(weight: Tensor) -> UnitWeight:
    """Of a StyleGAN2 layer that doubles the resolution: [C, O, k, k], channels-last."""
    unit = unit_weight(weight)
    turned = unit.weight.transpose(0, 1).contiguous(memory_format=torch.channels_last)
    return unit._replace(weight=turned)


def prepare_plain(weight: Tensor) -> FastWeight:
    """Of a ToRGB layer: no demodulation."""
    return FastWeight(cuda_ext.ConvWeight(weight), None)


def prepare_mixing(weight: Tensor) -> cuda_ext.ConvWeight:
    """Of the channel mixing [C, C] of a Fourier-feature input."""
    return cuda_ext.ConvWeight(weight[:, :, None, None] / math.sqrt(weight.shape[1]))


class PreparedLayer:
    """A StyleGAN3 layer as one operation, prepared anew when one of its values changes."""

    def __init__(self) -> None:
        self._values: tuple[Tensor | None, ...] = ()
        self._stamps: list[tuple[int, int]] = []
        self._layer: cuda_ext.StyledLayer | None = None

    def __call__(
        self, values: tuple[Tensor | None, ...], make: Callable[[], cuda_ext.StyledLayer]
    ) -> cuda_ext.StyledLayer:
        """`values`: everything that `make` prepares the layer from."""
        stamps = [_stamp(value) for value in values]
        same = stamps == self._stamps and all(map(operator.is_, values, self._values))
        if self._layer is None or not same:
            # Not of inference tensors, so that the layer can also serve outside of that mode.
            with torch.inference_mode(False), torch.no_grad():
                self._layer = make()
            self._values, self._stamps = values, stamps
        return self._layer

    def __deepcopy__(self, memo: dict[int, object]) -> PreparedLayer:
        return PreparedLayer()


def _stamp(value: Tensor | None) -> tuple[int, int]:
    if value is None:
        return 0, 0
    return value.data_ptr(), 0 if value.is_inference() else value._version


def affine_is_plain(spec: DenseSpec) -> bool:
    """Whether `style_of` can express a layer's affine transformation of w."""
    return spec.activation == "linear" and spec.bias


def style_of(affine: FullyConnected, magnitude: Tensor, fast: FastWeight) -> cuda_ext.Style:
    """How a StyleGAN3 layer gets its styles; `magnitude` is the mean square of its input."""
    spec = affine.spec
    assert affine.bias is not None
    bias = affine.bias if spec.bias_gain == 1 else affine.bias * spec.bias_gain
    if fast.unit is None:  # a ToRGB layer
        gain = 1 / math.sqrt(fast.conv.weight[0].numel())
        return cuda_ext.Style(affine.weight, spec.weight_gain, bias, magnitude, gain, None, 0.0)
    epsilon = fast.unit.epsilon
    assert isinstance(epsilon, float)
    power = fast.unit.power
    return cuda_ext.Style(affine.weight, spec.weight_gain, bias, magnitude, 1.0, power, epsilon)


def scaled(x: Tensor, scales: Tensor) -> Tensor:
    """x [N, C, H, W] times scales [N, C], rounded once to the precision of x; channels-last."""
    y = torch.empty_like(x, memory_format=torch.channels_last)
    return torch.mul(x, scales[:, :, None, None], out=y)


def separable(f: Tensor) -> Tensor:
    """The taps along one axis where the filter is their outer product, else the filter."""
    if f.ndim == 1:
        return f
    taps = f.sum(dim=0)
    same = f.shape[0] == f.shape[1] and torch.allclose(torch.outer(taps, taps), f * f.sum())
    return taps / f.sum().sqrt() if same else f


def _prepare(unit: UnitWeight) -> FastWeight:
    empty = unit.weight.new_empty(0)
    return FastWeight(cuda_ext.ConvWeight(unit.weight), unit._replace(weight=empty))


def serves(x: Tensor, *values: Tensor | None, on_cuda: bool = False) -> bool:
    """Whether the native path may be taken: kernels for `x`, and no gradient to any value.

    `on_cuda` tells that the layer's styles are of unit magnitude, so that half floats hold them.
    """
    if not (cuda_ext.has_native_convolution(x) or (on_cuda and x.is_cuda)):
        return False
    if not torch.is_grad_enabled():
        return True
    return not any(value is not None and value.requires_grad for value in (x, *values))
