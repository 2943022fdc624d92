"""Structure of StyleGAN2 generators: blocks and their layers from hyperparameters.

Source: Karras et al., "Analyzing and Improving the Image Quality of StyleGAN" (CVPR 2020),
section 4.1 and figure 7 for the three architectures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from networks.fourier import InputSpec
from networks.layers import ACTIVATION_GAINS, DenseSpec, MappingSpec

ARCHITECTURES = ("skip", "resnet", "orig")


@dataclass(frozen=True)
class StyleGAN2Config:
    """Hyperparameters; the defaults are configuration F."""

    img_resolution: int
    img_channels: int = 3
    z_dim: int = 512
    c_dim: int = 0
    w_dim: int = 512
    mapping_layers: int = 8
    mapping_lr_multiplier: float = 0.01
    mapping_features: int | None = None  # of the hidden layers; None = w_dim
    mapping_activation: str = "lrelu"
    embed_features: int | None = None  # of the label; None = w_dim
    channel_base: int = 32768  # channels · resolution
    channel_max: int = 512
    architecture: str = "skip"  # "skip" | "resnet" | "orig"
    resample_filter: tuple[float, ...] = (1, 3, 3, 1)
    activation: str = "lrelu"
    use_noise: bool = True
    num_fp16_res: int = 4  # the highest resolutions may compute in reduced precision
    conv_clamp: float | None = 256.0
    fourier_input: bool = False  # Fourier features in place of the learned constant
    w_avg_beta: float | None = 0.998


@dataclass(frozen=True)
class ConvSpec:
    """A modulated, demodulated convolution with noise, bias and activation."""

    in_channels: int
    out_channels: int
    kernel: int
    resolution: int  # of the output
    affine: DenseSpec
    filter_shape: tuple[int, ...]  # of the resampling filter; used where up is 2
    up: int = 1  # 1 | 2
    use_noise: bool = True
    activation: str = "lrelu"
    act_gain: float = math.sqrt(2)
    conv_clamp: float | None = 256.0


@dataclass(frozen=True)
class ToRGBSpec:
    """A modulated convolution to colours, without demodulation."""

    in_channels: int
    out_channels: int
    kernel: int
    affine: DenseSpec
    weight_gain: float  # 1 / sqrt(fan in)
    conv_clamp: float | None = 256.0


@dataclass(frozen=True)
class SkipSpec:
    """The 1×1 path around a residual block."""

    in_channels: int
    out_channels: int
    kernel: int
    filter_shape: tuple[int, ...]
    weight_gain: float  # 1 / sqrt(fan in)


@dataclass(frozen=True)
class BlockSpec:
    """The layers of one resolution."""

    name: str  # b{resolution}
    resolution: int
    conv1: ConvSpec
    filter_shape: tuple[int, ...]  # for upsampling the picture
    conv0: ConvSpec | None = None  # None in the first block
    torgb: ToRGBSpec | None = None
    skip: SkipSpec | None = None
    use_fp16: bool = False

    @property
    def num_conv(self) -> int:
        return 1 if self.conv0 is None else 2

    @property
    def num_torgb(self) -> int:
        return 0 if self.torgb is None else 1


@dataclass(frozen=True)
class StyleGAN2Design:
    """Everything a StyleGAN2 generator consists of."""

    img_resolution: int
    img_channels: int
    mapping: MappingSpec
    blocks: tuple[BlockSpec, ...]
    resample_filter: tuple[float, ...] = (1, 3, 3, 1)  # starting value of the stored filters
    input: InputSpec | None = None  # None: a learned constant


def count_ws(blocks: tuple[BlockSpec, ...]) -> int:
    """Rows of ws that a chain of blocks reads."""
    return sum(block.num_conv for block in blocks) + blocks[-1].num_torgb


def design_stylegan2(config: StyleGAN2Config) -> StyleGAN2Design:
    """The blocks of a generator with these hyperparameters.

    Raises:
        ValueError: the resolution is not a power of two from 4 up, or an unknown architecture.
    """
    resolution = config.img_resolution
    if resolution < 4 or resolution & (resolution - 1):
        raise ValueError(f"img_resolution is {resolution}, expected a power of two from 4 up")
    if config.architecture not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise ValueError(f"architecture is {config.architecture!r}, expected one of {known}")
    log2 = resolution.bit_length() - 1
    blocks = tuple(_block(config, 2**i) for i in range(2, log2 + 1))
    mapping = MappingSpec.of(
        config.z_dim,
        config.c_dim,
        config.w_dim,
        num_ws=count_ws(blocks),
        num_layers=config.mapping_layers,
        lr_multiplier=config.mapping_lr_multiplier,
        embed_features=config.embed_features,
        layer_features=config.mapping_features,
        activation=config.mapping_activation,
        w_avg_beta=config.w_avg_beta,
    )
    return StyleGAN2Design(
        img_resolution=resolution,
        img_channels=config.img_channels,
        mapping=mapping,
        blocks=blocks,
        resample_filter=tuple(float(tap) for tap in config.resample_filter),
        input=_input(config) if config.fourier_input else None,
    )


def filter_shape(taps: tuple[float, ...]) -> tuple[int, ...]:
    """Short filters are stored as two-dimensional ones, long ones stay separable."""
    return (len(taps),) if len(taps) >= 8 else (len(taps), len(taps))


def _channels(config: StyleGAN2Config, resolution: int) -> int:
    return min(config.channel_base // resolution, config.channel_max)


def _input(config: StyleGAN2Config) -> InputSpec:
    # Configuration B of StyleGAN3's paper: the band that a 4×4 grid can carry, f_c = 2.
    affine = DenseSpec.of(config.w_dim, 4)
    return InputSpec(_channels(config, 4), size=4, sampling_rate=4, bandwidth=2, affine=affine)


def _block(config: StyleGAN2Config, resolution: int) -> BlockSpec:
    out_channels = _channels(config, resolution)
    is_first, is_last = resolution == 4, resolution == config.img_resolution
    in_channels = out_channels if is_first else _channels(config, resolution // 2)
    taps = filter_shape(config.resample_filter)
    log2 = config.img_resolution.bit_length() - 1
    fp16_from = max(2 ** (log2 + 1 - config.num_fp16_res), 8)
    torgb = ToRGBSpec(
        in_channels=out_channels,
        out_channels=config.img_channels,
        kernel=1,
        affine=DenseSpec.of(config.w_dim, out_channels),
        weight_gain=1 / math.sqrt(out_channels),
        conv_clamp=config.conv_clamp,
    )
    skip = SkipSpec(in_channels, out_channels, 1, taps, 1 / math.sqrt(in_channels))
    has_skip = config.architecture == "resnet" and not is_first
    return BlockSpec(
        name=f"b{resolution}",
        resolution=resolution,
        conv1=_conv(config, resolution, out_channels, out_channels, up=1),
        filter_shape=taps,
        conv0=None if is_first else _conv(config, resolution, in_channels, out_channels, up=2),
        torgb=torgb if is_last or config.architecture == "skip" else None,
        skip=skip if has_skip else None,
        use_fp16=resolution >= fp16_from,
    )


def _conv(
    config: StyleGAN2Config, resolution: int, in_channels: int, out_channels: int, up: int
) -> ConvSpec:
    return ConvSpec(
        in_channels=in_channels,
        out_channels=out_channels,
        kernel=3,
        resolution=resolution,
        affine=DenseSpec.of(config.w_dim, in_channels),
        filter_shape=filter_shape(config.resample_filter),
        up=up,
        use_noise=config.use_noise,
        activation=config.activation,
        act_gain=ACTIVATION_GAINS[config.activation],
        conv_clamp=config.conv_clamp,
    )
