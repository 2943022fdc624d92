"""Fits a small generator: python -m networks.fit --out DIR --arch r --resolution 64 --steps 20000.

The same command continues where it was stopped (SIGTERM saves first). The folder gets recipe.json,
log.csv, sample sheets and step-… folders with everything that a continued fit needs.
"""

from __future__ import annotations

import dataclasses
import signal
import time
from pathlib import Path

import click
import torch
from torch import Tensor

from networks.checkpoint import load_generator
from networks.errors import CheckpointError
from networks.fit import recipe as recipes
from networks.fit.evaluate import psnr_on_held_out
from networks.fit.hints import set_input, take_hints
from networks.fit.models import spread_taps, transfer
from networks.fit.parts import averaged_state, load_progress, save_progress
from networks.fit.recipe import ARCHITECTURES, Recipe
from networks.fit.sheet import comparison, save_png
from networks.fit.sketch import Sketcher
from networks.fit.source import load_source
from networks.fit.trainer import Trainer

FIXED = ("arch", "resolution", "channels", "w_dim", "mapping_features", "source")
LOOK_PICTURES = 32  # on a sheet


@click.command()
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True)
@click.option("--arch", type=click.Choice(ARCHITECTURES), default="r", show_default=True)
@click.option("--resolution", default=64, show_default=True, help="Pixels along a side.")
@click.option("--steps", default=20000, show_default=True, help="Steps in all, resumed included.")
@click.option("--cooldown", default=0, show_default=True, help="Last steps, rate falling to 0.")
@click.option("--seed", default=0, show_default=True)
@click.option("--batch", default=8, show_default=True, help="Pictures per step.")
@click.option("--lr", default=Recipe.lr, show_default=True, help="Learning rate.")
@click.option("--warmup", default=Recipe.warmup, show_default=True, help="First steps, slower.")
@click.option("--crossover", default=6, show_default=True, help="First row of ws of the style.")
@click.option("--ema", "ema_decay", default=Recipe.ema_decay, show_default=True)
@click.option("--channels", default="", help="Of every layer but ToRGB, such as 64,64,48,32.")
@click.option("--draft", is_flag=True, help="Cheap first stage: see README.")
@click.option("--margin", "margin_size", default=Recipe.margin_size, show_default=True)
@click.option("--moved", "moved_share", default=0.0, help="Share of shifted and turned batches.")
@click.option("--cutoff", "first_cutoff", default=Recipe.first_cutoff, show_default=True)
@click.option("--crisp", default=0.0, help="Aim at this much more of the finest detail.")
@click.option("--spread", default=0.0, help="New 3x3 taps of a t or sg2, relative to the middle.")
@click.option("--half-rate", default=0, help="First layers at half the sampling rate.")
@click.option("--points", default=0, help="Sketch: places in each picture instead of all.")
@click.option("--hinted", is_flag=True, help="Begin with what the source tells about latents.")
@click.option("--mapping-features", default=0, help="Of the hidden layer; 0: as many as w has.")
@click.option("--bandwidth", "input_bandwidth", default=0.0, help="Of the input; 0: the cutoff.")
@click.option("--mapping-lr", default=Recipe.mapping_lr, show_default=True)
@click.option("--source", default="networks.portraits", show_default=True, help="Module to fit to.")
@click.option(
    "--init",
    type=click.Path(path_type=Path, exists=True),
    default=None,
    help="Folder of another fit, or generator file, to start from.",
)
@click.option("--workers", default=1, show_default=True, help="Threads with their own shard.")
@click.option("--device", default="cpu", show_default=True, help="cpu or cuda.")
@click.option("--every", default=500, show_default=True, help="Steps between saves and sheets.")
def main(out: Path, init: Path | None, workers: int, device: str, steps: int, cooldown: int,
         every: int, channels: str, **settings: object) -> None:  # fmt: skip
    """Fits a small generator to the exact pictures of a procedural source."""
    torch.set_num_threads(1 if workers > 1 else torch.get_num_threads())
    try:
        widths = tuple(int(width) for width in channels.split(",") if width)
        recipe = recipes.check(Recipe(channels=widths, **settings))  # type: ignore[arg-type]
        trainer = _start(recipe, out, init, torch.device(device), workers)
    except (ValueError, CheckpointError) as error:
        raise click.ClickException(str(error)) from error
    run(trainer, out, steps, cooldown, every)


def _start(
    recipe: Recipe, out: Path, init: Path | None, device: torch.device, workers: int
) -> Trainer:
    """A trainer that continues what the folder holds, or starts anew."""
    out.mkdir(parents=True, exist_ok=True)
    kind = Sketcher if recipe.points else Trainer
    trainer = kind(recipe, load_source(recipe.source), device, workers)
    path = out / "recipe.json"
    if path.exists():
        stored = recipes.load(path)
        for field in dataclasses.fields(Recipe):
            old, new = getattr(stored, field.name), getattr(recipe, field.name)
            if old != new and field.name in FIXED:
                raise ValueError(
                    f"{out} was started with {field.name} {old!r}, now it is {new!r}; "
                    "choose another folder"
                )
    recipes.save(recipe, path)
    if load_progress(trainer, out):
        click.echo(f"continuing {out} at step {trainer.step}")
    elif init is not None:
        missing = transfer(_state_of(init), trainer.generator)
        spread_taps(trainer.generator, recipe.spread, recipe.seed)
        if recipe.hinted:
            set_input(trainer.generator, trainer.source, recipe.seed)
        trainer.share_buffers()
        trainer.ema.load_state_dict(trainer.generator.state_dict())
        click.echo(f"starting from {init}; new: {', '.join(missing) or 'nothing'}")
    elif recipe.hinted:
        share = take_hints(trainer.generator, trainer.source, recipe.seed)
        trainer.share_buffers()
        trainer.ema.load_state_dict(trainer.generator.state_dict())
        click.echo(f"w holds {100 * share:.1f} % of the traits' variance")
    return trainer


def _state_of(path: Path) -> dict[str, Tensor]:
    if path.is_dir():
        return averaged_state(path)
    return load_generator(path).state_dict()


def run(trainer: Trainer, out: Path, steps: int, cooldown: int, every: int) -> None:
    """Steps until `steps`, with a line, a sheet and saved progress every `every` of them."""
    losses: list[float] = []
    since = time.monotonic()
    asked: list[int] = []  # signals; a step is never left half done
    previous = signal.signal(signal.SIGTERM, lambda number, _frame: asked.append(number))
    while trainer.step < steps and not asked:
        left = steps - trainer.step
        losses.append(trainer.train_step(min(left / cooldown, 1.0) if cooldown else 1.0))
        if trainer.step % every and trainer.step < steps:
            continue
        speed = len(losses) * trainer.recipe.batch / (time.monotonic() - since)
        psnr = psnr_on_held_out(trainer.ema, trainer.source, LOOK_PICTURES)
        loss = sum(losses) / len(losses)
        click.echo(
            f"step {trainer.step}/{steps}  loss {loss:.4f}  {psnr:.2f} dB  {speed:.1f} pictures/s"
        )
        with (out / "log.csv").open("a", encoding="utf-8") as log:
            log.write(f"{trainer.step},{loss:.5f},{psnr:.3f},{speed:.2f},{time.time():.0f}\n")
        sheet = comparison(trainer.ema, trainer.source, LOOK_PICTURES)
        save_png(sheet, out / f"sheet-{trainer.step:08d}.png")
        save_progress(trainer, out)
        losses, since = [], time.monotonic()
    signal.signal(signal.SIGTERM, previous)
    if asked:
        save_progress(trainer, out)
        click.echo(f"stopped at step {trainer.step}; the same command continues")


if __name__ == "__main__":
    main()
