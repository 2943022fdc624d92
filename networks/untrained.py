"""The generator that works without any file: random weights, tuned to give a picture."""

from __future__ import annotations

from typing import Any

import torch

from networks.stylegan3 import StyleGAN3, SynthesisLayer
from networks.stylegan3_design import StyleGAN3Config

SEED = 20
CONFIG = StyleGAN3Config(
    img_resolution=128,
    z_dim=128,
    w_dim=128,
    channel_base=4096,
    channel_max=64,
    conv_kernel=1,
    use_radial_filters=True,
    conv_clamp=256.0,
)
PICTURE_STD = 0.45  # of the calibrated picture: most values are within ±1


def untrained_generator() -> StyleGAN3:
    """A StyleGAN3-R of 128×128 pixels with fixed random weights, marked `untrained`.

    Training would have left running magnitudes and a mean w; both are measured here, and the
    last layer is scaled so that pictures fill the displayable range.
    """
    generator = StyleGAN3(CONFIG, seed=SEED)
    generator.requires_grad_(False).eval()
    z = torch.randn(1024, CONFIG.z_dim, generator=torch.Generator().manual_seed(SEED))
    with torch.no_grad():
        w = generator.mapping(z)
        generator.mapping.w_avg.copy_(w[:, 0].mean(dim=0))
        _calibrate(generator, w[:4])
    generator.untrained = True
    return generator


def _calibrate(generator: StyleGAN3, ws: torch.Tensor) -> None:
    """Measure every layer's input magnitude, then level and contrast of the picture."""
    layers = [m for m in generator.synthesis.modules() if isinstance(m, SynthesisLayer)]
    handles = [layer.register_forward_pre_hook(_measure) for layer in layers]
    image = generator.synthesis(ws)  # [N, 3, H, W]
    for handle in handles:
        handle.remove()
    torgb = layers[-1]
    torgb.weight.mul_(PICTURE_STD / image.std())
    image = generator.synthesis(ws)
    level = image.mean(dim=(0, 2, 3)) / generator.design.output_scale
    torgb.bias.sub_(level)


def _measure(layer: Any, inputs: tuple[torch.Tensor, ...]) -> None:
    layer.magnitude_ema.copy_(inputs[0].square().mean())
