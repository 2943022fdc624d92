"""The pictures that a sketch looks at: an album of drawn ones, or new ones in every step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from networks.fit.places import Canvas, Places, canvas_size, random_latents
from networks.fit.recipe import Recipe
from networks.fit.source import DrawAt, Source

AT_ONCE = 32  # pictures
LOOKED_AT = 128  # pictures, for where edges are
STREAM = 7_000_000  # random streams of albums begin here

Drawn = tuple[Tensor, Tensor, Tensor]
Run = Callable[..., Iterable[Any]]  # as `map`; that of a pool draws groups at the same time


class Album:
    """The latest pictures of a sequence that only the seed decides.

    Drawing is slow compared to learning from some places of a picture, so every picture is used
    many times before it gives way to a newer one.
    """

    def __init__(self, source: Source, recipe: Recipe, room: int) -> None:
        self._source, self._recipe = source, recipe
        self._canvas = Canvas(recipe.resolution, lambda: first_pictures(source, recipe))
        self._z = torch.empty(room, source.z_dim)
        self._z_style = torch.empty(room, source.z_dim)
        self._pictures = torch.empty(room, self._canvas.size**2, 3, dtype=torch.uint8)
        self.num_drawn = 0

    @property
    def room(self) -> int:
        return len(self._z)

    def draw_until(self, num: int, run: Run = map) -> None:
        """Draw on until `num` pictures of the sequence were drawn, leaving out forgotten ones.

        Args:
            num: rounded down to whole groups of AT_ONCE.
            run: draws the groups.
        """
        wanted = num // AT_ONCE
        self.num_drawn = max(self.num_drawn, (wanted - self.room // AT_ONCE) * AT_ONCE)
        for drawn in run(self._draw, range(self.num_drawn // AT_ONCE, wanted)):
            at = torch.arange(self.num_drawn, self.num_drawn + AT_ONCE) % self.room
            self._z[at], self._z_style[at], self._pictures[at] = drawn
            self.num_drawn += AT_ONCE

    def _draw(self, index: int) -> Drawn:
        return draw_wider(self._source, self._recipe, index)

    def choose(self, num: int, points: int, rng: torch.Generator) -> Places:
        """`points` places in each of `num` pictures."""
        who = torch.randint(min(self.num_drawn, self.room), (num,), generator=rng)
        where = self._canvas.choose(num, points, rng)
        colours = self._pictures[who[:, None], where].float() / 127.5 - 1
        return Places(self._z[who], self._z_style[who], self._canvas.places[where], colours)


class NewPictures:
    """For a source that draws at places alone: nothing is seen twice, so nothing is memorised."""

    def __init__(self, source: Source, recipe: Recipe, draw_at: DrawAt) -> None:
        self._source, self._recipe, self._draw_at = source, recipe, draw_at
        self._canvas = Canvas(recipe.resolution, lambda: first_pictures(source, recipe))

    def choose(self, num: int, points: int, rng: torch.Generator, run: Run = map) -> Places:
        """`points` places, anywhere in their pixels, in each of `num` new pictures."""
        resolution = self._recipe.resolution
        z, z_style = random_latents(self._recipe, self._source.z_dim, num, rng)
        places = self._canvas.places[self._canvas.choose(num, points, rng)]
        places = places + (torch.rand(num, points, 2, generator=rng) - 0.5) / resolution

        @torch.no_grad()
        def colours(first: int) -> Tensor:
            part = slice(first, first + AT_ONCE)
            found = self._draw_at(z[part], places[part], resolution, z_style=z_style[part])
            wanted = [len(z[part]), points, 3]
            if list(found.shape) != wanted:
                raise ValueError(
                    f"draw_at of {self._source.name} gave {list(found.shape)}, expected {wanted}"
                )
            return found

        drawn = list(run(colours, range(0, num, AT_ONCE)))
        return Places(z, z_style, places, torch.cat(drawn))


def first_pictures(source: Source, recipe: Recipe) -> Tensor:
    """The beginning of the sequence, uint8 [LOOKED_AT, S·S, 3]."""
    groups = [draw_wider(source, recipe, index) for index in range(LOOKED_AT // AT_ONCE)]
    return torch.cat([pictures for _, _, pictures in groups])


@torch.no_grad()
def draw_wider(source: Source, recipe: Recipe, index: int) -> Drawn:
    """Group `index` of the sequence: z, z_style and pictures of the whole canvas."""
    rng = torch.Generator().manual_seed(recipe.seed * 1_000_003 + STREAM + index)
    z, z_style = random_latents(recipe, source.z_dim, AT_ONCE, rng)
    size = canvas_size(recipe.resolution)
    zoom = recipe.resolution / size
    wider = torch.diag(torch.tensor([zoom, zoom, 1.0]))
    pictures = source.draw(z, size, z_style=z_style, transform=wider)
    values = ((pictures + 1) * 127.5 + 0.5).clamp(0, 255).byte()
    return z, z_style, values.flatten(2).transpose(1, 2)
