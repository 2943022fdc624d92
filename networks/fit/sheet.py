"""Sheets to look at: the exact picture of a seed beside the generator's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from networks.fit.source import Source
from networks.generator import Generator

FIRST_HELD_OUT = 1_000_000  # seeds from here on are for looking and measuring


def held_out_z(num: int, z_dim: int) -> Tensor:
    """Latents of seeds that stand for persons nobody trained on, [num, z_dim]."""
    rows = [np.random.RandomState(FIRST_HELD_OUT + i).randn(z_dim) for i in range(num)]
    return torch.from_numpy(np.stack(rows).astype(np.float32))


@torch.no_grad()
def comparison(generator: Generator, source: Source, num: int, columns: int = 8) -> Tensor:
    """Rows of exact pictures, below each the generator's; [3, H, W] in −1…1."""
    device = next(generator.parameters()).device
    z = held_out_z(num, source.z_dim).to(device)
    made = torch.cat([generator(part) for part in z.split(8)])
    exact = source.draw(z, generator.img_resolution, z_style=z)
    rows: list[Tensor] = []
    for start in range(0, num, columns):
        rows.append(torch.cat(list(exact[start : start + columns]), dim=2))
        rows.append(torch.cat(list(made[start : start + columns]), dim=2))
    return torch.cat(rows, dim=1)


def save_png(picture: Tensor, path: Path) -> None:
    """Write [3, H, W] in −1…1 as PNG."""
    values = ((picture.float() + 1) * 127.5 + 0.5).clamp(0, 255).byte()
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values.permute(1, 2, 0).cpu().numpy()).save(path)
