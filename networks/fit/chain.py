"""A StyleGAN2 of one picture size or two, that can take over what a sketch has learned.

The usual pyramid from 4×4 up has no room for it: here as many layers work at half the size and at
the full one as a sketch has layers, with StyleGAN2's means: 3×3 kernels with zeros around the
picture, noise, nonlinearities without filters, one upsampling.
"""

from __future__ import annotations

import math
import re

import torch
from torch import Tensor

from networks.fit.recipe import Recipe
from networks.fourier import InputSpec
from networks.layers import DenseSpec, MappingSpec
from networks.stylegan2_design import (
    BlockSpec,
    ConvSpec,
    StyleGAN2Design,
    ToRGBSpec,
    count_ws,
    filter_shape,
)

TAPS = (1.0, 3.0, 3.0, 1.0)
COLOURS = 3
OUTPUT_SCALE = 0.25  # of a StyleGAN3's picture


def chain_design(recipe: Recipe, z_dim: int, channels: tuple[int, ...]) -> StyleGAN2Design:
    """Blocks of two layers after a first one: the number of layers is odd.

    Raises:
        ValueError: an even number of layers.
    """
    if len(channels) % 2 == 0:
        raise ValueError(
            f"channels has {len(channels)} numbers, expected an odd number of layers for sg2"
        )
    half, num_pairs = recipe.resolution // 2, len(channels) // 2
    first_full = (num_pairs + 1) // 2  # this pair brings the size to the full one
    taps = filter_shape(TAPS)
    first = _conv(recipe, half, channels[0], channels[0], up=1)
    blocks = [BlockSpec("b0", half, first, taps)]
    for pair in range(num_pairs):
        size = half if pair < first_full else recipe.resolution
        before, middle, after = channels[2 * pair : 2 * pair + 3]
        conv0 = _conv(recipe, size, before, middle, up=2 if pair == first_full else 1)
        conv1 = _conv(recipe, size, middle, after, up=1)
        torgb = _torgb(recipe, after) if pair == num_pairs - 1 else None
        blocks.append(BlockSpec(f"b{pair + 1}", size, conv1, taps, conv0, torgb))
    num_ws = count_ws(tuple(blocks))
    features = recipe.mapping_features or None
    return StyleGAN2Design(
        img_resolution=recipe.resolution,
        img_channels=COLOURS,
        mapping=MappingSpec.of(
            z_dim, 0, recipe.w_dim, num_ws, num_layers=2, layer_features=features
        ),
        blocks=tuple(blocks),
        resample_filter=TAPS,
        input=InputSpec(
            channels[0],
            size=half,
            sampling_rate=half,
            bandwidth=recipe.input_bandwidth or recipe.first_cutoff,
            affine=DenseSpec.of(recipe.w_dim, 4),
        ),
    )


def _conv(recipe: Recipe, size: int, before: int, after: int, up: int) -> ConvSpec:
    affine = DenseSpec.of(recipe.w_dim, before)
    return ConvSpec(before, after, 3, size, affine, filter_shape(TAPS), up)


def _torgb(recipe: Recipe, before: int) -> ToRGBSpec:
    affine = DenseSpec.of(recipe.w_dim, before)
    return ToRGBSpec(before, COLOURS, 1, affine, weight_gain=1 / math.sqrt(before))


def as_chain(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """What a StyleGAN3 of 1×1 kernels has learned, under the names and in the scale of a chain.

    StyleGAN3 divides the input of a layer by its running magnitude, StyleGAN2 does not. Leaky ReLU
    passes positive factors on, so they are collected here: biases shrink or grow with them, and
    the last layer makes up for all.

    Args:
        state: of the StyleGAN3 generator."""
    names = [name for name in state if re.fullmatch(r"synthesis\.L\d+_\d+_\d+\.weight", name)]
    layers = sorted({name.split(".")[1] for name in names}, key=_index)
    chain = {
        name.replace("synthesis.input.", "synthesis.b0.input."): value
        for name, value in state.items()
        if name.startswith(("mapping.", "synthesis.input."))
    }
    gain = torch.ones([])
    for i, layer in enumerate(layers):
        is_last = i == len(layers) - 1
        old, new = f"synthesis.{layer}.", f"synthesis.{_place(i, is_last)}."
        gain = gain * state[old + "magnitude_ema"].rsqrt()
        for name in ("affine.weight", "affine.bias", "weight", "bias"):
            chain[new + name] = state[old + name]
        if is_last:
            chain[new + "weight"] = state[old + "weight"] * gain * OUTPUT_SCALE
            chain[new + "bias"] = state[old + "bias"] * OUTPUT_SCALE
        else:
            chain[new + "bias"] = state[old + "bias"] / gain
    return chain


def _index(layer: str) -> int:
    return int(layer[1:].split("_", maxsplit=1)[0])


def _place(layer: int, is_last: bool) -> str:
    if is_last:
        return f"b{layer // 2}.torgb"
    return f"b{(layer + 1) // 2}.conv{(layer + 1) % 2}" if layer else "b0.conv1"
