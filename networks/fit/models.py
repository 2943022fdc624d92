"""The small generators that are fitted, and moving what one has learned into another."""

from __future__ import annotations

import dataclasses
import re

import torch
import torch.nn.functional as F
from torch import Tensor

from networks.fit.bands import with_half_rate
from networks.fit.chain import as_chain, chain_design
from networks.fit.recipe import Recipe
from networks.fourier import InputSpec, SynthesisInput
from networks.generator import Generator
from networks.layers import DenseSpec, MappingSpec
from networks.stylegan2 import StyleGAN2
from networks.stylegan3 import StyleGAN3
from networks.stylegan3_design import (
    LayerSpec,
    StyleGAN3Config,
    StyleGAN3Design,
    design_stylegan3,
    layer_padding,
)

DEFAULT_CHANNELS = (128, 128, 128, 128, 128, 128, 96, 64, 64)
DRAFT_TAPS = 11  # odd: centred on a sample
DRAFT_UP_TAPS = 12
STYLE_SCALE = 0.3  # of the styles' dependence on w at the start
RUNNING_MEAN_DECAY = 0.995  # of w_avg and magnitude_ema: a fit is short
FIXED = ("up_filter", "down_filter", "resample_filter", "noise_const")  # by geometry or by chance


def build(recipe: Recipe, z_dim: int) -> Generator:
    """The generator of a recipe with its starting values."""
    generator: Generator
    if recipe.arch == "sg2":
        channels = recipe.channels or DEFAULT_CHANNELS
        generator = StyleGAN2(chain_design(recipe, z_dim, channels), recipe.seed)
    else:
        generator = StyleGAN3(_stylegan3(recipe, z_dim), recipe.seed)
    _start_alike(generator)
    if recipe.input_bandwidth:
        _spread_frequencies(generator, recipe.input_bandwidth)
    return generator


@torch.no_grad()
def _spread_frequencies(generator: Generator, bandwidth: float) -> None:
    """As many low frequencies as high ones: where things are, and their edges."""
    for module in generator.synthesis.modules():
        if isinstance(module, SynthesisInput):
            num = len(module.freqs)
            radius = bandwidth * (torch.arange(num) + 0.5) / num
            directions = F.normalize(module.freqs, dim=1)
            module.freqs.copy_(radius[:, None] * directions)


@torch.no_grad()
def _start_alike(generator: Generator) -> None:
    """Begin with little difference between latents: random ones would have to be unlearned."""
    for module in generator.synthesis.modules():
        affine = getattr(module, "affine", None)
        if affine is not None:
            affine.weight.mul_(STYLE_SCALE)


def _stylegan3(recipe: Recipe, z_dim: int) -> StyleGAN3Design:
    channels = recipe.channels or DEFAULT_CHANNELS
    config = StyleGAN3Config(
        img_resolution=recipe.resolution,
        z_dim=z_dim,
        w_dim=recipe.w_dim,
        num_layers=len(channels),
        first_cutoff=recipe.first_cutoff,
        first_stopband=recipe.first_cutoff * 2**1.1,
        margin_size=recipe.margin_size,
        conv_kernel=1 if recipe.arch == "r" else 3,
        use_radial_filters=recipe.arch == "r",
        magnitude_ema_beta=RUNNING_MEAN_DECAY,
        w_avg_beta=RUNNING_MEAN_DECAY,
    )
    design = design_stylegan3(config)
    if recipe.half_rate:
        design = with_half_rate(design, config, recipe.half_rate)
    design = with_channels(design, channels)
    design = dataclasses.replace(
        design,
        mapping=_mapping(recipe, z_dim, design.mapping.num_ws),
        input=_input(recipe, design.input),
    )
    return draft(design) if recipe.draft else design


def _mapping(recipe: Recipe, z_dim: int, num_ws: int) -> MappingSpec:
    return MappingSpec.of(
        z_dim,
        0,
        recipe.w_dim,
        num_ws,
        num_layers=2,
        layer_features=recipe.mapping_features or None,
        w_avg_beta=RUNNING_MEAN_DECAY,
    )


def _input(recipe: Recipe, spec: InputSpec) -> InputSpec:
    return dataclasses.replace(spec, bandwidth=recipe.input_bandwidth or spec.bandwidth)


def with_channels(design: StyleGAN3Design, channels: tuple[int, ...]) -> StyleGAN3Design:
    """The same bands with other widths: equal at every resolution, so that weights carry over.

    Args:
        design: of a StyleGAN3 generator.
        channels: of every layer but ToRGB; the input has those of the first.
    """
    widths = (*channels, design.img_channels)
    assert len(widths) == len(design.layers)
    layers: list[LayerSpec] = []
    for i, layer in enumerate(design.layers):
        width_in, width_out = widths[max(i - 1, 0)], widths[i]
        layers.append(
            dataclasses.replace(
                layer,
                name=f"L{i}_{layer.out_size}_{width_out}",
                affine=DenseSpec.of(layer.w_dim, width_in),
                in_channels=width_in,
                out_channels=width_out,
            )
        )
    source: InputSpec = dataclasses.replace(design.input, channels=widths[0])
    return dataclasses.replace(design, input=source, layers=tuple(layers))


def draft(design: StyleGAN3Design) -> StyleGAN3Design:
    """The same bands, several times cheaper: nonlinearities without their upsampling.

    Every layer still keeps to its band, through one filter at its own rate, but what the
    nonlinearity creates beyond the rate folds back. Weights learned here carry over to the real
    design after a little more fitting.
    """
    layers = []
    for layer in design.layers[:-1]:
        up = 2 if layer.out_sampling_rate > layer.in_sampling_rate else 1
        up_taps = DRAFT_UP_TAPS if up > 1 else 1
        down_taps = 1 if layer.is_critically_sampled else DRAFT_TAPS
        sizes = (layer.in_size, layer.out_size, layer.conv_kernel)
        layers.append(
            dataclasses.replace(
                layer,
                up=up,
                down=1,
                up_taps=up_taps,
                down_taps=down_taps,
                down_radial=False,
                padding=layer_padding(*sizes, (up, up_taps), (1, down_taps)),
            )
        )
    return dataclasses.replace(design, layers=(*layers, design.layers[-1]))


def transfer(source: dict[str, Tensor], target: Generator) -> list[str]:
    """Copy what a smaller, coarser or differently built generator has learned.

    Layers are matched by their place, whatever their size; a 1×1 kernel goes into the middle of
    a 3×3 one; a StyleGAN2 takes over a StyleGAN3 in its own scale. Filters and stored noise stay
    those of the target.

    Args:
        source: state dictionary of the other generator.
        target: changed in place.

    Returns:
        Names of the target's tensors that found nothing to copy.
    """
    if isinstance(target, StyleGAN2) and "synthesis.b0.conv1.weight" not in source:
        source = as_chain(source)
    stored = {place(name): value for name, value in source.items()}
    missing = []
    with torch.no_grad():
        for name, value in target.state_dict().items():
            if name.rsplit(".", 1)[-1] in FIXED:
                continue
            found = stored.get(place(name))
            if found is not None and found.shape == value.shape:
                value.copy_(found)
            elif found is not None and _fits_middle(found, value):
                value.zero_()[:, :, 1:2, 1:2] = found
            else:
                missing.append(name)
    return missing


@torch.no_grad()
def spread_taps(generator: Generator, spread: float, seed: int) -> None:
    """Let 3×3 kernels that are nothing but their middle look around, each its own way.

    The new taps of a kernel add up to 0: what is smooth passes as before, edges get a direction.
    A generator that goes on from here needs its directions, so that it cannot be turned.

    Args:
        generator: changed in place.
        spread: size of the taps, relative to the middles of their layer.
        seed: of the taps.
    """
    rng = torch.Generator().manual_seed(seed)
    for value in generator.synthesis.parameters():
        if spread == 0 or value.ndim != 4 or tuple(value.shape[2:]) != (3, 3):
            continue
        size = value[:, :, 1, 1].square().mean().sqrt() * spread
        taps = torch.randn(*value.shape[:2], 8, generator=rng).to(value.device)
        taps = (taps - taps.mean(dim=2, keepdim=True)) * size
        around = [k for k in range(9) if k != 4]
        value.flatten(2)[:, :, around] += taps


def place(name: str) -> str:
    """A tensor's name without the size and width of its layer."""
    return re.sub(r"\.L(\d+)_\d+_\d+\.", r".L\1.", name)


def _fits_middle(found: Tensor, value: Tensor) -> bool:
    if found.ndim != 4 or value.ndim != 4 or found.shape[:2] != value.shape[:2]:
        return False
    return tuple(found.shape[2:]) == (1, 1) and tuple(value.shape[2:]) == (3, 3)


def learning_rates(generator: Generator, recipe: Recipe) -> list[dict[str, object]]:
    """Parameter groups of the optimizer: the mapping network, and everything else.

    The mapping network stores its weights 1 / lr_multiplier times larger than they act; steps of
    equal relative size need a larger rate.
    """
    mapping = list(generator.mapping.parameters())
    rest = list(generator.synthesis.parameters())
    assert sum(p.numel() for p in mapping + rest) == generator.num_parameters
    return [
        {"params": mapping, "scale": recipe.mapping_lr},
        {"params": rest, "scale": 1.0},
    ]
