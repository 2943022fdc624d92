"""Layer geometry of StyleGAN3: cutoffs, rates, sizes, paddings from hyperparameters.

Source: Karras et al., "Alias-Free Generative Adversarial Networks" (NeurIPS 2021),
section 3.2 (configurations E–R) and appendix F.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from networks.fourier import InputSpec
from networks.layers import DenseSpec, MappingSpec

Bands = dict[str, np.ndarray]  # per layer: "cutoffs", "half_widths", "rates", "sizes", "channels"


@dataclass(frozen=True)
class StyleGAN3Config:
    """Hyperparameters; the defaults are configuration T."""

    img_resolution: int
    img_channels: int = 3
    z_dim: int = 512
    c_dim: int = 0
    w_dim: int = 512
    mapping_layers: int = 2
    channel_base: int = 32768  # overall multiplier of the channel counts (R: doubled)
    channel_max: int = 512  # channels of any layer at most (R: doubled)
    num_layers: int = 14  # without the input and ToRGB
    num_critical: int = 2  # critically sampled layers at the end
    first_cutoff: float = 2.0  # f_c,0
    first_stopband: float = 2**2.1  # f_t,0
    last_stopband_rel: float = 2**0.3  # last stopband, relative to its cutoff
    margin_size: int = 10  # samples beyond the picture, per side
    output_scale: float = 0.25
    num_fp16_res: int = 4  # the highest resolutions may compute in reduced precision
    conv_kernel: int = 3  # R: 1
    filter_size: int = 6  # taps per unit of resampling
    lrelu_upsampling: int = 2  # sampling rate of the nonlinearity, relative
    use_radial_filters: bool = False  # R: True
    conv_clamp: float | None = 256.0
    magnitude_ema_beta: float = 0.999
    w_avg_beta: float | None = 0.998


@dataclass(frozen=True)
class LayerSpec:
    """One modulated convolution with its filtered nonlinearity."""

    name: str  # L{i}_{size}_{channels}
    w_dim: int
    affine: DenseSpec
    in_channels: int
    out_channels: int
    in_size: int
    out_size: int
    in_sampling_rate: float
    out_sampling_rate: float
    in_cutoff: float
    out_cutoff: float
    in_half_width: float
    out_half_width: float
    conv_kernel: int
    up: int
    down: int
    up_taps: int  # 1 = no filter
    down_taps: int
    up_radial: bool
    down_radial: bool
    padding: tuple[int, int, int, int]  # x0, x1, y0, y1
    is_torgb: bool = False
    is_critically_sampled: bool = False
    use_fp16: bool = False
    conv_clamp: float | None = 256.0
    magnitude_ema_beta: float = 0.999


@dataclass(frozen=True)
class StyleGAN3Design:
    """Everything a StyleGAN3 generator consists of, layer by layer."""

    img_resolution: int
    img_channels: int
    mapping: MappingSpec
    input: InputSpec
    layers: tuple[LayerSpec, ...]
    output_scale: float = 0.25
    notes: dict[str, float] = field(default_factory=dict, compare=False)  # shown by `info` only


def design_stylegan3(config: StyleGAN3Config) -> StyleGAN3Design:
    """The layers of a generator with these hyperparameters."""
    bands = _bands(config)
    rates, sizes, channels = bands["rates"], bands["sizes"], bands["channels"]
    input_spec = InputSpec(
        channels=int(channels[0]),
        size=int(sizes[0]),
        sampling_rate=float(rates[0]),
        bandwidth=float(bands["cutoffs"][0]),
        affine=DenseSpec.of(config.w_dim, 4),
    )
    mapping = MappingSpec.of(
        config.z_dim,
        config.c_dim,
        config.w_dim,
        num_ws=config.num_layers + 2,
        num_layers=config.mapping_layers,
        w_avg_beta=config.w_avg_beta,
    )
    return StyleGAN3Design(
        img_resolution=config.img_resolution,
        img_channels=config.img_channels,
        mapping=mapping,
        input=input_spec,
        layers=tuple(layer_of(config, bands, i) for i in range(config.num_layers + 1)),
        output_scale=config.output_scale,
    )


def _bands(config: StyleGAN3Config) -> Bands:
    """Per layer: cutoff f_c, half width f_h, sampling rate s, size and channels."""
    resolution, num_layers = config.img_resolution, config.num_layers
    last_cutoff = resolution / 2
    last_stopband = last_cutoff * config.last_stopband_rel
    exponents = np.minimum(np.arange(num_layers + 1) / (num_layers - config.num_critical), 1)
    cutoffs = config.first_cutoff * (last_cutoff / config.first_cutoff) ** exponents
    stopbands = config.first_stopband * (last_stopband / config.first_stopband) ** exponents
    rates = np.exp2(np.ceil(np.log2(np.minimum(stopbands * 2, resolution))))
    half_widths = np.maximum(stopbands, rates / 2) - cutoffs
    sizes = rates + config.margin_size * 2
    sizes[-2:] = resolution
    channels = np.rint(np.minimum((config.channel_base / 2) / cutoffs, config.channel_max))
    channels[-1] = config.img_channels
    return {
        "cutoffs": cutoffs,
        "half_widths": half_widths,
        "rates": rates,
        "sizes": sizes,
        "channels": channels,
    }


def layer_of(config: StyleGAN3Config, bands: Bands, i: int) -> LayerSpec:
    """Layer `i` of a generator with these bands."""
    prev = max(i - 1, 0)
    is_torgb = i == config.num_layers
    is_critical = i >= config.num_layers - config.num_critical
    in_rate, out_rate = float(bands["rates"][prev]), float(bands["rates"][i])
    in_size, out_size = int(bands["sizes"][prev]), int(bands["sizes"][i])
    in_channels, out_channels = int(bands["channels"][prev]), int(bands["channels"][i])
    kernel = 1 if is_torgb else config.conv_kernel
    tmp_rate = max(in_rate, out_rate) * (1 if is_torgb else config.lrelu_upsampling)
    up, down = round(tmp_rate / in_rate), round(tmp_rate / out_rate)
    up_taps = config.filter_size * up if up > 1 and not is_torgb else 1
    down_taps = config.filter_size * down if down > 1 and not is_torgb else 1
    return LayerSpec(
        name=f"L{i}_{out_size}_{out_channels}",
        w_dim=config.w_dim,
        affine=DenseSpec.of(config.w_dim, in_channels),
        in_channels=in_channels,
        out_channels=out_channels,
        in_size=in_size,
        out_size=out_size,
        in_sampling_rate=in_rate,
        out_sampling_rate=out_rate,
        in_cutoff=float(bands["cutoffs"][prev]),
        out_cutoff=float(bands["cutoffs"][i]),
        in_half_width=float(bands["half_widths"][prev]),
        out_half_width=float(bands["half_widths"][i]),
        conv_kernel=kernel,
        up=up,
        down=down,
        up_taps=up_taps,
        down_taps=down_taps,
        up_radial=False,
        down_radial=config.use_radial_filters and not is_critical,
        padding=layer_padding(in_size, out_size, kernel, (up, up_taps), (down, down_taps)),
        is_torgb=is_torgb,
        is_critically_sampled=is_critical,
        use_fp16=out_rate * 2**config.num_fp16_res > config.img_resolution,
        conv_clamp=config.conv_clamp,
        magnitude_ema_beta=config.magnitude_ema_beta,
    )


def layer_padding(
    in_size: int, out_size: int, kernel: int, up: tuple[int, int], down: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Padding (x0, x1, y0, y1) of the upsampled signal; `up` and `down` are (factor, taps)."""
    total = (out_size - 1) * down[0] + 1  # samples needed before the down filter
    total -= (in_size + kernel - 1) * up[0]  # samples there are
    total += up[1] + down[1] - 2  # samples that the filters use up
    low = (total + up[0]) // 2
    return (low, total - low, low, total - low)
