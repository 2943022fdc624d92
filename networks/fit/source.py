"""Where the exact pictures come from, and the batches of a fit.

A source is a module with `Z_DIM` and `draw(z, resolution, z_style=...)`: latents [N, Z_DIM] to
pictures [N, 3, resolution, resolution] in −1…1, where `z_style` says whose colours and texture a
picture has. Only the direction of a latent may matter, and a picture must follow it smoothly. A
source that goes on beyond its canvas also takes `transform`, the [3, 3] transform wanted for the
picture in widths of the picture from its centre: fits with `moved_share` need it.

It may also tell about latents: `traits_of(z)`, the numbers [N, K] that decide the picture, and
`pose_of(z)`, where its subject stands: cos and sin of its turn and its place [N, 4], as the input
of a generator takes them, and `waves()`: frequencies [G, K, 2] in cycles per width and phases
[G, K] in turns of the waves in the frame of `pose_of` that add up, K at a time, to the G patterns
of its fine texture. `hinted` fits begin with those.
A source that can draw single places offers `draw_at(z, places, resolution, z_style=...)`: then a
sketch sees new pictures only.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from networks.fit.recipe import Recipe

MOVED = 0.15  # widths
HALF_BAND = [x / 32 for x in (-1.0, 0.0, 9.0, 16.0, 9.0, 0.0, -1.0)]  # passes the lower octaves


class Draw(Protocol):
    """The drawing function of a source."""

    def __call__(
        self, z: Tensor, resolution: int, *, z_style: Tensor, transform: Tensor | None = None
    ) -> Tensor: ...


class DrawAt(Protocol):
    """The exact colours [N, P, 3] at places [N, P, 2], in widths from the centre."""

    def __call__(
        self, z: Tensor, places: Tensor, resolution: int, *, z_style: Tensor
    ) -> Tensor: ...


@dataclass(frozen=True)
class Source:
    """A picture source."""

    name: str
    z_dim: int
    draw: Draw
    traits: Callable[[Tensor], Tensor] | None = None
    pose: Callable[[Tensor], Tensor] | None = None
    draw_at: DrawAt | None = None
    waves: Callable[[], tuple[Tensor, Tensor]] | None = None


def load_source(name: str) -> Source:
    """The source in an installed module.

    Raises:
        ValueError: there is no such module, or it is no picture source.
    """
    try:
        module = importlib.import_module(name)
        names = ("traits_of", "pose_of", "draw_at", "waves")
        more = (getattr(module, optional, None) for optional in names)
        return Source(name, int(module.Z_DIM), module.draw, *more)
    except (ImportError, AttributeError) as error:
        raise ValueError(
            f"source {name!r} is not a module with Z_DIM and draw: {error}; write one or take "
            "networks.portraits"
        ) from error


@dataclass(frozen=True)
class Batch:
    """Latents and the exact pictures of them."""

    z: Tensor  # [N, z_dim], layout
    z_style: Tensor  # [N, z_dim], colours and texture; equal to z where nothing is mixed
    pictures: Tensor  # [N, 3, R, R]
    transform: Tensor | None = None  # [3, 3] wanted for all of them; None: where they stand

    def __getitem__(self, part: slice) -> Batch:
        return Batch(self.z[part], self.z_style[part], self.pictures[part], self.transform)


@torch.no_grad()
def draw_batch(source: Source, recipe: Recipe, index: int, num: int, device: torch.device) -> Batch:
    """The batch of this index: the same for the same seed, whatever was drawn before."""
    rng = torch.Generator().manual_seed(recipe.seed * 1_000_003 + index)
    z = torch.randn(num, source.z_dim, generator=rng)
    other = torch.randn(num, source.z_dim, generator=rng)
    is_mixed = torch.rand(num, 1, generator=rng) < recipe.mixed_share
    z_style = torch.where(is_mixed, other, z)
    z, z_style = z.to(device), z_style.to(device)
    if not float(torch.rand([], generator=rng)) < recipe.moved_share:
        pictures = source.draw(z, recipe.resolution, z_style=z_style)
        return Batch(z, z_style, crisper(pictures, recipe.crisp))
    transform = random_transform(rng, turns=recipe.arch == "r")
    pictures = source.draw(z, recipe.resolution, z_style=z_style, transform=transform)
    return Batch(z, z_style, crisper(pictures, recipe.crisp), transform)


def crisper(pictures: Tensor, share: float) -> Tensor:
    """The highest octave of pictures [N, C, H, W] raised by `share`.

    What a fit cannot predict it leaves out, so it ends up softer than what it aims at.
    """
    if share == 0:
        return pictures
    taps = torch.tensor(HALF_BAND, device=pictures.device)
    size, half = pictures.shape[-1], len(HALF_BAND) // 2
    flat = F.pad(pictures.reshape(-1, 1, size, size), [half] * 4, "reflect")
    smooth = F.conv2d(F.conv2d(flat, taps[None, None, None]), taps[None, None, :, None])
    return torch.lerp(smooth.reshape(pictures.shape), pictures, 1 + share)


def random_transform(rng: torch.Generator, turns: bool) -> Tensor:
    """A shift of up to MOVED widths along each axis, after any rotation if it `turns`: [3, 3]."""
    shift = (torch.rand(2, generator=rng) * 2 - 1) * MOVED
    angle = torch.rand([], generator=rng) * math.tau if turns else torch.zeros([])
    cos, sin = angle.cos(), angle.sin()
    zero, one = torch.zeros([]), torch.ones([])
    rows = [cos, sin, shift[0], -sin, cos, shift[1], zero, zero, one]
    return torch.stack(rows).reshape(3, 3)
