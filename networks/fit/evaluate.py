"""How close a generator comes to its source: python -m networks.fit.evaluate FILE.

All figures are about held-out seeds. PSNR is in dB for values in −1…1 (peak 2).
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import click
import torch
import torch.nn.functional as F
from torch import Tensor

from networks.checkpoint import load_generator
from networks.errors import CheckpointError
from networks.fit.sheet import held_out_z, pictures_of
from networks.fit.source import Source, load_source
from networks.generator import Generator

BLUR = 4  # the blurred source has a quarter of the resolution
WALK_FRAMES = 120
NUM_WALKS = 4


def evaluate(generator: Generator, source: Source, num: int) -> dict[str, float]:
    """Every figure of this module by name, over `num` held-out seeds."""
    z = held_out_z(num, source.z_dim)
    made = pictures_of(generator, z).clamp(-1, 1)
    exact = _exact(generator, source, z)
    blurred = F.interpolate(F.avg_pool2d(exact, BLUR), scale_factor=BLUR, mode="bicubic")
    energy, correlation = top_octave(made, exact)
    return {
        "psnr_db": psnr(made, exact),
        "psnr_of_mean_db": psnr(exact.mean(dim=0, keepdim=True).expand_as(exact), exact),
        "psnr_of_blurred_db": psnr(blurred, exact),
        "top_octave_energy": energy,
        "top_octave_correlation": correlation,
        "walk_largest_by_median": walk_smoothness(lambda z: pictures_of(generator, z), z),
        "nearest_neighbour_ratio": nearest_distance(made) / nearest_distance(exact),
    }


def psnr(made: Tensor, exact: Tensor) -> float:
    """10·log10(4 / mean squared difference), in dB."""
    return float(10 * torch.log10(4 / (made - exact).square().mean()))


@torch.no_grad()
def psnr_on_held_out(generator: Generator, source: Source, num: int) -> float:
    """PSNR in dB over all pixels of `num` held-out pictures."""
    z = held_out_z(num, source.z_dim)
    made = pictures_of(generator, z).clamp(-1, 1)
    return psnr(made, _exact(generator, source, z))


def top_octave(made: Tensor, exact: Tensor) -> tuple[float, float]:
    """Energy of the highest octave of frequencies, relative, and its correlation with the source.

    Args:
        made: [N, C, H, W].
        exact: likewise.
    """
    size = exact.shape[-1]
    fy = torch.fft.fftfreq(size)[:, None]
    fx = torch.fft.rfftfreq(size)[None, :]
    radius = torch.hypot(fx, fy)  # cycles per pixel
    # Each pair of conjugate columns is stored once.
    weight = ((radius >= 0.25) & (radius <= 0.5)) * torch.where((fx > 0) & (fx < 0.5), 2.0, 1.0)
    a, b = torch.fft.rfft2(made), torch.fft.rfft2(exact)
    energy_a, energy_b = (weight * a.abs().square()).sum(), (weight * b.abs().square()).sum()
    shared = (weight * (a * b.conj()).real).sum()
    return float(energy_a / energy_b), float(shared / (energy_a * energy_b).sqrt())


@torch.no_grad()
def walk_smoothness(draw: Callable[[Tensor], Tensor], z: Tensor) -> float:
    """Largest change between frames of walks from one latent to the next, by the median one."""
    worst = 0.0
    for start, end in itertools.pairwise(z[: NUM_WALKS + 1]):
        frames = draw(walk(start, end, WALK_FRAMES))
        changes = (frames[1:] - frames[:-1]).square().mean(dim=(1, 2, 3)).sqrt()
        worst = max(worst, float(changes.max() / changes.median()))
    return worst


def walk(start: Tensor, end: Tensor, num: int) -> Tensor:
    """`num` latents from one to the other along the sphere at even angles, [num, z_dim]."""
    a, b = F.normalize(start, dim=0), F.normalize(end, dim=0)
    angle = torch.arccos((a * b).sum().clamp(-1, 1))
    t = torch.linspace(0, 1, num)[:, None]
    return (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)


def nearest_distance(pictures: Tensor) -> float:
    """Mean distance of a picture to the one most like it."""
    flat = pictures.flatten(1)
    distances = torch.cdist(flat, flat)
    distances.fill_diagonal_(float("inf"))
    return float(distances.amin(dim=1).mean())


@torch.no_grad()
def _exact(generator: Generator, source: Source, z: Tensor) -> Tensor:
    z = z.to(next(generator.parameters()).device)
    parts = [source.draw(part, generator.img_resolution, z_style=part) for part in z.split(16)]
    return torch.cat(parts)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--source", default="networks.portraits", show_default=True, help="Module.")
@click.option("--num", default=200, show_default=True, help="Held-out seeds.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(file: Path, source: str, num: int, as_json: bool) -> None:
    """Measures a generator file against the source it was fitted to."""
    try:
        with torch.no_grad():
            figures = evaluate(load_generator(file), load_source(source), num)
    except (ValueError, CheckpointError) as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(figures))
        return
    for name, value in figures.items():
        click.echo(f"{name:24} {value:8.3f}")


if __name__ == "__main__":
    main()
