"""The generators that are measured, with random weights, and the arithmetic in them."""

from collections.abc import Callable
from typing import Any

import networks
from networks.stylegan2 import StyleGAN2
from networks.stylegan2_design import StyleGAN2Config
from networks.stylegan3 import StyleGAN3
from networks.stylegan3_design import LayerSpec, StyleGAN3Config
from networks.untrained import untrained_generator


def _stylegan3(resolution: int, radial: bool, base: int, most: int) -> networks.Generator:
    config = StyleGAN3Config(
        img_resolution=resolution,
        channel_base=base,
        channel_max=most,
        conv_kernel=1 if radial else 3,
        use_radial_filters=radial,
    )
    return StyleGAN3(config)


def _stylegan2(resolution: int) -> networks.Generator:
    base = 32768 if resolution >= 512 else 16384
    return StyleGAN2(StyleGAN2Config(img_resolution=resolution, channel_base=base))


def _paper(kind: str, resolution: int) -> networks.Generator:
    """The channel counts of the paper: half the base at 256 pixels; R has twice T's channels."""
    base = 16384 if resolution <= 256 else 32768
    radial = kind == "R"
    return _stylegan3(resolution, radial, base * (1 + radial), 512 * (1 + radial))


BUILD: dict[str, Callable[[], networks.Generator]] = {
    "bundled": untrained_generator,
    "R-128-small": lambda: _stylegan3(128, True, 4096, 64),
    "T-128-small": lambda: _stylegan3(128, False, 4096, 64),
    "T-256": lambda: _paper("T", 256),
    "R-256": lambda: _paper("R", 256),
    "SG2-256": lambda: _stylegan2(256),
    "T-512": lambda: _paper("T", 512),
    "R-512": lambda: _paper("R", 512),
    "SG2-1024": lambda: _stylegan2(1024),
    "T-1024": lambda: _paper("T", 1024),
    "R-1024": lambda: _paper("R", 1024),
}


def build(name: str) -> networks.Generator:
    """A generator ready to run."""
    return BUILD[name]().requires_grad_(False).eval()


def gflops(generator: Any) -> tuple[float, float]:
    """Convolution and least filter work (polyphase, separable where it is) of one picture."""
    if generator.family == "stylegan2":
        layers = [c for b in generator.design.blocks for c in (b.conv0, b.conv1) if c is not None]
        macs = [
            c.in_channels * c.out_channels * c.kernel**2 * (c.resolution / c.up) ** 2
            for c in layers
        ]
        filters = sum(16 * c.out_channels * c.resolution**2 for c in layers if c.up == 2)
        return 2e-9 * sum(macs), 2e-9 * filters
    convolution = sum(_conv_macs(spec) for spec in generator.design.layers)
    return 2e-9 * convolution, 2e-9 * sum(_filter_macs(s) for s in generator.design.layers)


def _conv_macs(spec: LayerSpec) -> float:
    size = spec.in_size + spec.conv_kernel - 1
    return spec.in_channels * spec.out_channels * spec.conv_kernel**2 * size**2


def _filter_macs(spec: LayerSpec) -> float:
    if spec.is_torgb:
        return 0.0
    out, size = spec.out_size, spec.in_size + spec.conv_kernel - 1
    wide = (out - 1) * spec.down + spec.down_taps  # samples of the activated signal per axis
    phase = spec.up_taps / spec.up
    rise = wide * size * phase + wide * wide * phase
    if spec.down_radial:
        fall = out * out * spec.down_taps**2
    else:
        fall = wide * out * spec.down_taps + out * out * spec.down_taps
    return spec.out_channels * (rise + fall)
