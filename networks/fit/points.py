"""A generator of 1×1 kernels seen as what it is but for its filters: a function of the place."""

from __future__ import annotations

import math
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor

from networks.fourier import SynthesisInput
from networks.layers import LRELU_SLOPE
from networks.modulation import demodulation, rms_weight
from networks.stylegan3 import StyleGAN3, SynthesisLayer

MEASURED = 16  # every so many-th point is enough for the running magnitude


def at_points(generator: StyleGAN3, ws: Tensor, places: Tensor, dtype: torch.dtype) -> Tensor:
    """Colours at places, without any filter.

    Args:
        generator: of 1×1 kernels.
        ws: [N, num_ws, w_dim].
        places: [N, P, 2], in widths of the picture from its centre.
        dtype: of the activations.

    Returns:
        float32 [N, P, 3].
    """
    rows = ws.unbind(dim=1)
    x = features(generator.synthesis.input, rows[0], places, dtype)
    for name, w in zip(generator.synthesis.layer_names, rows[1:], strict=True):
        x = _layer(cast(SynthesisLayer, getattr(generator.synthesis, name)), x, w)
    return x.float() * generator.design.output_scale


def at_each_layer(generator: StyleGAN3, ws: Tensor, places: Tensor) -> list[Tensor]:
    """As `at_points`: what every layer is given at places, float32 [N, P, C] each."""
    rows = ws.unbind(dim=1)
    values = [features(generator.synthesis.input, rows[0], places, torch.float32)]
    for name, w in zip(generator.synthesis.layer_names[:-1], rows[1:], strict=False):
        layer = cast(SynthesisLayer, getattr(generator.synthesis, name))
        values.append(_layer(layer, values[-1], w))
    return values


def features(source: SynthesisInput, w: Tensor, places: Tensor, dtype: torch.dtype) -> Tensor:
    """The Fourier features of `source` at places: [N, P, C]."""
    matrix = source._learned_transform(w)
    freqs, phases, amplitudes = source._transformed(matrix)
    x = torch.baddbmm(phases[:, None], places, freqs.transpose(1, 2))
    x = torch.sin(x * math.tau).to(dtype)
    folded = source.weight / math.sqrt(source.spec.channels) * amplitudes[:, None]
    return x @ folded.to(dtype).transpose(1, 2)


def _layer(layer: SynthesisLayer, x: Tensor, w: Tensor) -> Tensor:
    if layer.training:
        magnitude = x.detach()[:, ::MEASURED].float().square().mean()
        layer.magnitude_ema.copy_(
            magnitude.lerp(layer.magnitude_ema, layer.spec.magnitude_ema_beta)
        )
    gain = layer.magnitude_ema.rsqrt()
    styles = layer.affine(w)
    if layer.spec.is_torgb:
        weight = layer.weight.flatten(1) * (gain / math.sqrt(layer.weight[0].numel()))
        folded = (weight * styles[:, None]).to(x.dtype)
        bias = layer.bias.to(x.dtype)[None, None]
        return torch.baddbmm(bias, x, folded.transpose(1, 2))
    unit = rms_weight(layer.weight)
    styles = styles * styles.square().mean(dim=1, keepdim=True).rsqrt()
    factors = demodulation(unit, styles) * math.sqrt(2)
    folded = unit.weight.flatten(1).to(x.dtype) * (styles * gain).to(x.dtype)[:, None]
    folded = folded * factors.to(x.dtype)[:, :, None]
    bias = (layer.bias * math.sqrt(2)).to(x.dtype)
    x = torch.baddbmm(bias[None, None], x, folded.transpose(1, 2))
    return F.leaky_relu(x, LRELU_SLOPE, inplace=True)
