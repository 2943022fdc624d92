"""Modulated convolution without per-sample weights.

With Ŵ the weight at unit norm per output channel, the modulated and demodulated convolution
of eq. 1–3 of "Analyzing and Improving the Image Quality of StyleGAN" (CVPR 2020) equals
y = conv(x · s, Ŵ) · d with d = 1 / sqrt(Ŵ² · s² + ε): Ŵ is constant, s and d are per channel.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

EPSILON = 1e-8  # added to the sum of squares of a modulated weight


class UnitWeight(NamedTuple):
    """A convolution weight prepared for modulation."""

    weight: Tensor  # [O, I, k, k], unit norm per output channel: safe in half precision
    power: Tensor  # [O, I], sum of squares over the kernel
    epsilon: Tensor | float  # EPSILON in the scale of `power`: [O] or a number


def unit_weight(weight: Tensor) -> UnitWeight:
    """Ŵ of a weight, with ε scaled along, so that demodulation is unchanged (StyleGAN2)."""
    norm = weight.square().sum(dim=(1, 2, 3)).sqrt().clamp(min=1e-12)  # [O]
    unit = weight / norm[:, None, None, None]
    return UnitWeight(unit, unit.square().sum(dim=(2, 3)), EPSILON / norm.square())


def rms_weight(weight: Tensor) -> UnitWeight:
    """Ŵ of a weight that is first divided by its root mean square (StyleGAN3)."""
    fan_in = weight[0].numel()
    unit, power, _ = unit_weight(weight)
    return UnitWeight(unit, power, EPSILON / fan_in)


def demodulation(unit: UnitWeight, styles: Tensor, largest: Tensor | None = None) -> Tensor:
    """d [N, O] for styles [N, I] that were divided by `largest` [N, 1]."""
    epsilon = unit.epsilon if largest is None else unit.epsilon / largest.square()
    return (styles.square() @ unit.power.t() + epsilon).rsqrt()


def scale_channels(x: Tensor, scales: Tensor) -> Tensor:
    """x [N, C, H, W] times scales [N, C], in the precision of x."""
    return x * scales.to(x.dtype)[:, :, None, None]


def bounded_styles(styles: Tensor) -> tuple[Tensor, Tensor]:
    """Styles [N, I] at magnitude 1 at most, and that magnitude [N, 1]: for half precision."""
    largest = styles.abs().amax(dim=1, keepdim=True).clamp(min=1e-12)
    return styles / largest, largest
