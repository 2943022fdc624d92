"""Sheets to look at: the exact picture of a seed beside the generator's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from networks.fit.source import Source
from networks.generator import Generator

COLUMNS = 8
FIRST_HELD_OUT = 1_000_000  # seeds from here on are for looking and measuring


def seeds_z(first: int, num: int, z_dim: int) -> Tensor:
    """Latents of consecutive seeds, as everywhere in the field, [num, z_dim]."""
    rows = [np.random.RandomState(first + i).randn(z_dim) for i in range(num)]
    return torch.from_numpy(np.stack(rows).astype(np.float32))


def held_out_z(num: int, z_dim: int) -> Tensor:
    """Latents that nothing was trained on, [num, z_dim]."""
    return seeds_z(FIRST_HELD_OUT, num, z_dim)


@torch.no_grad()
def pictures_of(generator: Generator, z: Tensor, **arguments: Any) -> Tensor:
    """The generator's pictures of latents, a few at a time, [N, 3, H, W]."""
    z = z.to(next(generator.parameters()).device)
    return torch.cat([generator(part, **arguments) for part in z.split(8)])


@torch.no_grad()
def comparison(generator: Generator, source: Source, num: int) -> Tensor:
    """Rows of exact pictures, below each the generator's; [3, H, W] in −1…1."""
    z = held_out_z(num, source.z_dim)
    made = pictures_of(generator, z)
    exact = source.draw(z.to(made.device), generator.img_resolution, z_style=z.to(made.device))
    pairs = zip(exact.split(COLUMNS), made.split(COLUMNS), strict=True)
    return torch.cat([tiled(row) for pair in pairs for row in pair], dim=1)


def tiled(pictures: Tensor) -> Tensor:
    """[N, 3, H, W] → [3, H·rows, W·COLUMNS]; N fills its rows."""
    return torch.cat([torch.cat(list(row), dim=2) for row in pictures.split(COLUMNS)], dim=1)


def save_png(picture: Tensor, path: Path) -> None:
    """Write [3, H, W] in −1…1 as PNG."""
    values = ((picture.float() + 1) * 127.5 + 0.5).clamp(0, 255).byte()
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values.permute(1, 2, 0).cpu().numpy()).save(path)
