"""What a fit is made of: everything that decides its outcome, as one value."""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from pathlib import Path

ARCHITECTURES = ("r", "t", "sg2")


@dataclass(frozen=True)
class Recipe:
    """Settings of a fit; equal recipes give equal weights on one machine."""

    arch: str = "r"  # "r" | "t": StyleGAN3; "sg2": StyleGAN2 with a Fourier-feature input
    resolution: int = 64
    channels: tuple[int, ...] = ()  # of every layer but ToRGB; () = the default of `arch`
    w_dim: int = 128
    margin_size: int = 6  # StyleGAN3: samples beyond the picture, per side
    first_cutoff: float = 4.0  # StyleGAN3: cycles per width that the input has; more learn faster
    draft: bool = False  # StyleGAN3: nonlinearities without upsampling, for a cheap first stage
    source: str = "networks.portraits"  # module with Z_DIM and draw(z, resolution, z_style=...)
    seed: int = 0
    batch: int = 8
    lr: float = 4e-3
    mapping_lr: float = 60.0  # times lr: the mapping network's weights are stored that much larger
    warmup: int = 200  # steps
    mixed_share: float = 0.5  # of pictures: layout of one latent, colours of another
    crossover: int = 6  # rows of ws before it carry the layout, the others colours and texture
    moved_share: float = (
        0.0  # of batches: picture shifted and ("r") turned, to know its surroundings
    )
    ema_decay: float = 0.998
    gradient_weight: float = 0.5  # of differences between neighbouring pixels in the loss
    crisp: float = 0.0  # whole pictures: how much finer detail is raised in what is aimed at
    spread: float = 0.0  # "t" and "sg2" from an "r": size of the new taps, relative to the middle
    points: int = 0  # "r": places per picture of a sketch; 0 = whole pictures
    mapping_features: int = 0  # of the mapping network's hidden layer; 0 = w_dim
    input_bandwidth: float = 0.0  # StyleGAN3: cycles per width of the input; 0 = first_cutoff
    half_rate: int = 0  # StyleGAN3: first layers that have half the picture's sampling rate
    hinted: bool = False  # begin with what the source tells about its latents


def check(recipe: Recipe) -> Recipe:
    """The recipe itself.

    Raises:
        ValueError: a value that cannot work; the message names it.
    """
    if recipe.arch not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise ValueError(f"arch is {recipe.arch!r}, expected one of {known}")
    size = recipe.resolution
    if size < 16 or size & (size - 1):
        raise ValueError(f"resolution is {size}, expected a power of two from 16 up")
    for name in ("batch", "w_dim", "lr", "mapping_lr", "warmup", "crossover", "first_cutoff"):
        value = getattr(recipe, name)
        if not 0 < value < math.inf:
            raise ValueError(f"{name} is {value}, expected more than 0")
    for name in ("points", "mapping_features", "input_bandwidth", "half_rate", "crisp", "spread"):
        value = getattr(recipe, name)
        if not 0 <= value < math.inf:
            raise ValueError(f"{name} is {value}, expected 0 or more")
    if recipe.points and recipe.arch != "r":
        raise ValueError(
            f"points is {recipe.points} with arch {recipe.arch!r}: only 1×1 kernels see one place "
            "at a time; sketch an r and start from it with --init"
        )
    for name in ("mixed_share", "moved_share", "ema_decay"):
        value = getattr(recipe, name)
        if not 0 <= value <= 1:
            raise ValueError(f"{name} is {value}, expected 0 to 1")
    return recipe


def save(recipe: Recipe, path: Path) -> None:
    """Write as JSON text."""
    path.write_text(json.dumps(dataclasses.asdict(recipe), indent=1) + "\n", encoding="utf-8")


def load(path: Path) -> Recipe:
    """Read `save`.

    Raises:
        ValueError: not a recipe, or one of another version of this program.
    """
    values = json.loads(path.read_text(encoding="utf-8"))
    known = {field.name for field in dataclasses.fields(Recipe)}
    if not isinstance(values, dict) or not set(values) <= known:
        raise ValueError(f"{path} is not a recipe of this program; choose another folder")
    return check(Recipe(**{**values, "channels": tuple(values.get("channels", ()))}))
