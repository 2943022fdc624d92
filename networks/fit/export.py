"""Writes what a fit has reached: python -m networks.fit.export RUN --out FILE.

The file is a generator like any other, with its provenance in the header; beside it comes a
sheet of the seeds 0, 1, 2 … as FILE.png.
"""

from __future__ import annotations

import dataclasses
import json
import platform
from pathlib import Path

import click
import torch

from networks.errors import CheckpointError
from networks.fit import recipe as recipes
from networks.fit.evaluate import psnr_on_held_out
from networks.fit.models import build, transfer
from networks.fit.parts import averaged_state, progress_folders
from networks.fit.recipe import Recipe
from networks.fit.sheet import pictures_of, save_png, seeds_z, tiled
from networks.fit.source import Source, load_source
from networks.generator import Generator
from networks.native_file import save_generator

EXPORT_MARGIN = 10  # samples beyond the picture: what surrounds it may move in
W_SAMPLES = 8192
SHEET_SEEDS = 32
LICENCE = "MIT, as the program; the pictures it was fitted to are drawn by the program itself"


@click.command()
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
@click.option("--margin", default=EXPORT_MARGIN, show_default=True, help="StyleGAN3 only.")
@click.option("--resolution", type=int, default=None, help="Instead of the fit's own.")
@click.option("--hardware", default=platform.machine, help="For the provenance.")
@click.option("--note", default="", help="For the provenance: earlier stages, for example.")
def main(
    run: Path, out: Path, margin: int, resolution: int | None, hardware: str, note: str
) -> None:
    """Writes the averaged generator of a fit with its provenance and a sheet of samples."""
    try:
        recipe = recipes.load(run / "recipe.json")
        if resolution is not None:
            recipe = recipes.check(dataclasses.replace(recipe, resolution=resolution))
        source = load_source(recipe.source)
        generator = finished(recipe, run, source, margin)
        psnr = psnr_on_held_out(generator, source, 200)
        text = provenance(recipe, run, psnr) | {"hardware": hardware, "note": note}
        out.parent.mkdir(parents=True, exist_ok=True)
        save_generator(generator, out, text)
    except (ValueError, OSError, CheckpointError) as error:
        raise click.ClickException(str(error)) from error
    save_png(
        tiled(pictures_of(generator, seeds_z(0, SHEET_SEEDS, source.z_dim))),
        out.with_suffix(".png"),
    )
    click.echo(f"{out}: {psnr:.2f} dB on 200 held-out seeds, {out.stat().st_size} bytes")


@torch.no_grad()
def finished(recipe: Recipe, run: Path, source: Source, margin: int) -> Generator:
    """The generator as it is shipped: real nonlinearities, full margin, the mean w measured.

    Raises:
        ValueError: the progress does not fit the recipe.
    """
    recipe = dataclasses.replace(recipe, draft=False, margin_size=margin)
    generator = build(recipe, source.z_dim).eval().requires_grad_(False)
    missing = transfer(averaged_state(run), generator)
    if missing:
        raise ValueError(f"{run} lacks {', '.join(missing)}; it belongs to another recipe")
    z = torch.randn(W_SAMPLES, source.z_dim, generator=torch.Generator().manual_seed(0))
    generator.mapping.w_avg.copy_(generator.mapping(z)[:, 0].mean(dim=0))
    return generator


def provenance(recipe: Recipe, run: Path, psnr: float) -> dict[str, str]:
    """How the weights came about, as short texts."""
    return {
        "program": "python -m networks.fit",
        "recipe": json.dumps(dataclasses.asdict(recipe)),
        "source": recipe.source,
        "seed": str(recipe.seed),
        "steps": str(int(progress_folders(run)[-1].name.removeprefix("step-"))),
        "psnr_db": f"{psnr:.2f}",
        "torch": str(torch.__version__),
        "licence": LICENCE,
    }


if __name__ == "__main__":
    main()
