"""Pictures drawn for a sketch, wider than the canvas, and places chosen on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from networks.fit.recipe import Recipe
from networks.fit.source import Source

AROUND = 1.375  # widths of the canvas that is drawn: what turned pictures show is learned too
OUTSIDE = 0.12  # share of the places that lie outside of the picture
DETAILED = 0.4  # share of the others that go where pictures have edges
AT_ONCE = 32  # pictures
LOOKED_AT = 128  # pictures, for where edges are
STREAM = 7_000_000  # random streams of albums begin here

Drawn = tuple[Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class Places:
    """Latents, places of their pictures and the exact colours there."""

    z: Tensor  # [N, z_dim], layout
    z_style: Tensor  # [N, z_dim], colours and texture
    places: Tensor  # [N, P, 2], in widths from the centre
    colours: Tensor  # [N, P, 3], −1…1

    def part(self, pictures: slice) -> Places:
        """Some of the pictures."""
        return Places(*(value[pictures] for value in self._values()))

    def to(self, device: torch.device) -> Places:
        """The same on a device."""
        return Places(*(value.to(device) for value in self._values()))

    def _values(self) -> tuple[Tensor, ...]:
        return self.z, self.z_style, self.places, self.colours


class Album:
    """The latest pictures of a sequence that only the seed decides.

    Drawing is slow compared to learning from some places of a picture, so every picture is used
    many times before it gives way to a newer one.
    """

    def __init__(self, source: Source, recipe: Recipe, room: int) -> None:
        self._source, self._recipe = source, recipe
        self.size = round(recipe.resolution * AROUND / 2) * 2
        axis = (torch.arange(self.size) + 0.5 - self.size / 2) / recipe.resolution
        y, x = torch.meshgrid(axis, axis, indexing="ij")
        self._places = torch.stack([x, y], dim=2).reshape(-1, 2)  # [S·S, 2]
        self._is_inside = self._places.abs().amax(dim=1) < 0.5
        self._z = torch.empty(room, source.z_dim)
        self._z_style = torch.empty(room, source.z_dim)
        self._pictures = torch.empty(room, self.size**2, 3, dtype=torch.uint8)
        self.num_drawn = 0
        self._density: Tensor | None = None  # cumulative, [S·S]

    @property
    def room(self) -> int:
        return len(self._z)

    def draw_until(self, num: int, run: Callable[..., Iterable[Drawn]] = map) -> None:
        """Draw on until `num` pictures of the sequence were drawn, leaving out forgotten ones.

        Args:
            num: rounded down to whole groups of AT_ONCE.
            run: as `map`; that of a pool draws groups at the same time.
        """
        wanted = num // AT_ONCE
        self.num_drawn = max(self.num_drawn, (wanted - self.room // AT_ONCE) * AT_ONCE)
        for drawn in run(self._draw, range(self.num_drawn // AT_ONCE, wanted)):
            at = torch.arange(self.num_drawn, self.num_drawn + AT_ONCE) % self.room
            self._z[at], self._z_style[at], self._pictures[at] = drawn
            self.num_drawn += AT_ONCE

    @torch.no_grad()
    def _draw(self, index: int) -> Drawn:
        recipe, source = self._recipe, self._source
        rng = torch.Generator().manual_seed(recipe.seed * 1_000_003 + STREAM + index)
        z = torch.randn(AT_ONCE, source.z_dim, generator=rng)
        other = torch.randn(AT_ONCE, source.z_dim, generator=rng)
        is_mixed = torch.rand(AT_ONCE, 1, generator=rng) < recipe.mixed_share
        z_style = torch.where(is_mixed, other, z)
        zoom = recipe.resolution / self.size
        wider = torch.diag(torch.tensor([zoom, zoom, 1.0]))
        pictures = source.draw(z, self.size, z_style=z_style, transform=wider)
        values = ((pictures + 1) * 127.5 + 0.5).clamp(0, 255).byte()
        return z, z_style, values.flatten(2).transpose(1, 2)

    def choose(self, num: int, points: int, rng: torch.Generator) -> Places:
        """`points` places in each of `num` pictures."""
        if self._density is None:
            self._density = self._cumulative_density()
        who = torch.randint(min(self.num_drawn, self.room), (num,), generator=rng)
        # One in each of `points` shares of the density, which follows the rows of the picture.
        shares = (torch.arange(points) + torch.rand(num, points, generator=rng)) / points
        where = torch.searchsorted(self._density, shares).clamp_max(len(self._density) - 1)
        colours = self._pictures[who[:, None], where].float() / 127.5 - 1
        return Places(self._z[who], self._z_style[who], self._places[where], colours)

    def _cumulative_density(self) -> Tensor:
        """More places where the first pictures of all have edges, some outside, [S·S]."""
        size = self.size
        some = torch.cat([self._draw(index)[2] for index in range(LOOKED_AT // AT_ONCE)])
        some = some.reshape(-1, size, size, 3).float()
        edges = torch.zeros(size, size)
        edges[:, 1:] += (some[:, :, 1:] - some[:, :, :-1]).abs().mean(dim=(0, 3))
        edges[1:] += (some[:, 1:] - some[:, :-1]).abs().mean(dim=(0, 3))
        inside = self._is_inside.float()
        detail = edges.flatten() * inside + 1e-6 * inside
        even, outside = inside / inside.sum(), (1 - inside) / (1 - inside).sum()
        within = DETAILED * detail / detail.sum() + (1 - DETAILED) * even
        return ((1 - OUTSIDE) * within + OUTSIDE * outside).cumsum(dim=0)
