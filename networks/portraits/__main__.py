"""Draws a sheet: python -m networks.portraits --seeds 0-63 --res 128 --out sheet.png."""

from pathlib import Path

import click
import numpy as np
import torch
from PIL import Image

from networks.portraits.scene import draw
from networks.portraits.traits import seeds_to_z

_AT_ONCE = 16


def parse_seeds(text: str) -> list[int]:
    """Turns "0-3,8" into [0, 1, 2, 3, 8].

    Raises:
        click.BadParameter: naming the part that is neither a number nor a range.
    """
    seeds: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if not first.isdigit() or (last and not last.isdigit()):
            raise click.BadParameter(f"'{part}' is not a seed or a range such as 0-63")
        seeds.extend(range(int(first), int(last or first) + 1))
    if not seeds:
        raise click.BadParameter(f"'{text}' names no seed; write a range such as 0-63")
    return seeds


def sheet(pictures: np.ndarray, columns: int) -> np.ndarray:
    """uint8 [N, H, W, 3] -> one picture with `columns` of them side by side, white where none."""
    num, height, width, _ = pictures.shape
    rows = -(-num // columns)
    out = np.full((rows * height, columns * width, 3), 255, dtype=np.uint8)
    for k, picture in enumerate(pictures):
        top, left = k // columns * height, k % columns * width
        out[top : top + height, left : left + width] = picture
    return out


@torch.no_grad()
def pictures_of(seeds: list[int], resolution: int, style_seed: int | None = None) -> np.ndarray:
    """The portraits of the seeds as uint8 [N, H, W, 3]; colours of one seed if it is named."""
    parts = []
    for start in range(0, len(seeds), _AT_ONCE):
        z = seeds_to_z(seeds[start : start + _AT_ONCE])
        z_style = None if style_seed is None else seeds_to_z([style_seed]).expand_as(z)
        image = draw(z, resolution, z_style=z_style)
        parts.append(((image + 1) * 127.5 + 0.5).clamp(0, 255).byte().permute(0, 2, 3, 1).numpy())
    return np.concatenate(parts)


@click.command()
@click.option("--seeds", default="0-63", show_default=True, help="Seeds: 0-63 or 1,5,9.")
@click.option("--res", default=128, show_default=True, help="Pixels along a side of a portrait.")
@click.option("--columns", default=8, show_default=True, help="Portraits in a row.")
@click.option("--style-seed", type=int, default=None, help="Take colours and texture from here.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="PNG to write.")
def main(seeds: str, res: int, columns: int, style_seed: int | None, out: Path) -> None:
    """Draws a sheet of procedural portraits."""
    pictures = pictures_of(parse_seeds(seeds), res, style_seed)
    Image.fromarray(sheet(pictures, columns)).save(out)
    click.echo(f"{out}: {len(pictures)} portraits of {res}x{res}")


if __name__ == "__main__":
    main()
