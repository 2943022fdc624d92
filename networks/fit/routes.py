"""A way through all layers for patterns of waves, so that every layer can use them at once.

A wave of twenty cycles per width that enters at the bottom reaches the last layers only through
channels that are bent to the subject's shape long before a gradient could tell that it matters
there. Here a few channels of every layer, those that matter least, hand patterns on as they are:
each pattern with an offset that keeps it above the kink of leaky ReLU, and a constant.
"""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor

from networks.fit.points import at_each_layer
from networks.fourier import SynthesisInput
from networks.modulation import rms_weight
from networks.stylegan3 import StyleGAN3, SynthesisLayer

OFFSET = 3.0  # of a pattern, in its standard deviations
PLACES = 512  # per latent, to see what matters


@torch.no_grad()
def lead(generator: StyleGAN3, ws: Tensor, patterns: list[Tensor], rng: torch.Generator) -> None:
    """Hand sums of input features on through all layers.

    Args:
        generator: of 1×1 kernels; changed in place.
        ws: [N, num_ws, w_dim], some latents.
        patterns: for each, which features of the input add up to it, [K] indices.
        rng: chooses places.
    """
    places = (torch.rand(len(ws), PLACES, 2, generator=rng) - 0.5) * 1.2
    values = at_each_layer(generator, ws, places)
    synthesis = generator.synthesis
    layers = [cast(SynthesisLayer, getattr(synthesis, name)) for name in synthesis.layer_names]
    num = len(patterns) + 1  # the constant comes last
    at = _least(values[0], layers[0], ws[:, 1], num)
    std, offset = float(values[0].square().mean().sqrt()), 0.0  # of the patterns
    _enter(synthesis.input, patterns, at, std)
    for k, layer in enumerate(layers):
        gain = float(layer.magnitude_ema.rsqrt())
        _listen(layer, at, values[k], gain)
        if layer.spec.is_torgb:
            break
        to = _least(values[k + 1], layers[k + 1], ws[:, k + 2], num)
        wanted = float(values[k + 1].square().mean().sqrt())
        share = min(wanted / (math.sqrt(2) * gain * std), 1.0)
        std = math.sqrt(2) * gain * share * std
        _hand_on(layer, at, to, gain, share, offset, OFFSET * std)
        at, offset = to, OFFSET * std


def _least(x: Tensor, layer: SynthesisLayer, w: Tensor, num: int) -> Tensor:
    """The channels [num] of x [N, P, C] that matter least for what `layer` makes of it."""
    weight = layer.weight.flatten(1) if layer.spec.is_torgb else rms_weight(layer.weight)[1].sqrt()
    styled = x.square().mean(dim=1) * layer.affine(w).square()  # [N, C]
    return (styled.mean(dim=0).sqrt() * weight.norm(dim=0)).argsort()[:num]


def _enter(module: SynthesisInput, patterns: list[Tensor], at: Tensor, size: float) -> None:
    """Channel at[k] of the input's output is pattern k, as large as its other channels are."""
    module.weight[at] = 0
    for channel, features in zip(at[:-1], patterns, strict=True):
        scale = math.sqrt(module.spec.channels) * size / math.sqrt(len(features) / 2)
        module.weight[channel, features] = scale


def _listen(layer: SynthesisLayer, at: Tensor, x: Tensor, gain: float) -> None:
    """What the channels brought before goes into the biases; their styles become 1."""
    weight, mean = layer.weight.flatten(1), x.mean(dim=(0, 1))
    if not layer.spec.is_torgb:
        unit = rms_weight(layer.weight)
        layer.bias.add_(gain * unit.weight.flatten(1)[:, at] @ mean[at])
    weight[:, at] = 0
    layer.affine.weight[at] = 0
    assert layer.affine.bias is not None
    layer.affine.bias[at] = 1


def _hand_on(
    layer: SynthesisLayer, at: Tensor, to: Tensor, gain: float, share: float, offset: float,
    wanted: float,
) -> None:  # fmt: skip
    """Channels `at` go on as `to`: `share` of a pattern and of its offset, which becomes `wanted`.

    A row of a demodulated layer has unit norm, so the constant takes the rest of it.
    """
    weight = layer.weight.flatten(1)
    row = weight.norm(dim=1).mean()
    rest = math.sqrt(1 - share * share)
    constant = 1.0 if offset else 0.0  # the input has none
    weight[to] = 0
    weight[to[:-1], at[:-1]] = share * row
    weight[to[:-1], at[-1]] = rest * row
    weight[to[-1], at[-1]] = row
    layer.bias[to[:-1]] = wanted / math.sqrt(2) - gain * (share * offset + rest * constant)
    layer.bias[to[-1]] = 1 / math.sqrt(2) - gain * constant
