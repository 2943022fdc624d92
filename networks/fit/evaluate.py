"""How close a generator comes to its source."""

from __future__ import annotations

import torch

from networks.fit.sheet import held_out_z, pictures_of
from networks.fit.source import Source
from networks.generator import Generator


@torch.no_grad()
def psnr_on_held_out(generator: Generator, source: Source, num: int) -> float:
    """PSNR in dB over all pixels of `num` held-out pictures (range −1…1: peak 2)."""
    z = held_out_z(num, source.z_dim)
    made = pictures_of(generator, z).clamp(-1, 1)
    z = z.to(made.device)
    exact = source.draw(z, generator.img_resolution, z_style=z)
    return float(10 * torch.log10(4 / (made - exact).square().mean()))
