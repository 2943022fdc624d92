"""The generator that works without any file: random weights, tuned to give a picture."""

from __future__ import annotations

from typing import cast

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
    """Measure every layer's input, centre what it computes, then set the picture's contrast."""
    synthesis = generator.synthesis
    rows = ws.unbind(dim=1)
    x = synthesis.input(rows[0])
    for name, w in zip(synthesis.layer_names, rows[1:], strict=True):
        layer = cast(SynthesisLayer, getattr(synthesis, name))
        layer.magnitude_ema.copy_(x.square().mean())
        if layer.spec.is_torgb:
            std = layer.convolve(x, layer.affine(w)).std(dim=(0, 2, 3))  # per colour
            scale = PICTURE_STD / generator.design.output_scale / std
            layer.weight.mul_(scale[:, None, None, None])
        # Centred, both sides of the nonlinearity are used: without it, pictures are flat.
        layer.bias.copy_(-layer.convolve(x, layer.affine(w)).mean(dim=(0, 2, 3)))
        x = layer(x, w, force_fp32=True)  # the same numbers on every machine
