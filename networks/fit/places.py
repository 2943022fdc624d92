"""Places chosen on pictures, more of them where there is something to see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from networks.fit.recipe import Recipe

AROUND = 1.375  # widths of the canvas that is drawn: what turned pictures show is learned too
OUTSIDE = 0.12  # share of the places that lie outside of the picture
DETAILED = 0.4  # share of the others that go where pictures have edges


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


def canvas_size(resolution: int) -> int:
    """Pixels along a side of a canvas around pictures of this resolution."""
    return round(resolution * AROUND / 2) * 2


class Canvas:
    """Pixels of pictures that are wider than the generator's, and how many look at each.

    Args:
        resolution: of the generator's pictures.
        some: draws a few pictures [N, S·S, 3] of this canvas, uint8; called when needed.
    """

    def __init__(self, resolution: int, some: Callable[[], Tensor]) -> None:
        self.size = canvas_size(resolution)
        axis = (torch.arange(self.size) + 0.5 - self.size / 2) / resolution
        y, x = torch.meshgrid(axis, axis, indexing="ij")
        self.places = torch.stack([x, y], dim=2).reshape(-1, 2)  # [S·S, 2]
        self._some = some
        self._density: Tensor | None = None  # cumulative, [S·S]

    def choose(self, num: int, points: int, rng: torch.Generator) -> Tensor:
        """`points` pixels of each of `num` pictures, as indices [num, points]."""
        if self._density is None:
            self._density = self._cumulative_density()
        # One in each of `points` shares of the density, which follows the rows of the picture.
        shares = (torch.arange(points) + torch.rand(num, points, generator=rng)) / points
        return torch.searchsorted(self._density, shares).clamp_max(len(self._density) - 1)

    def _cumulative_density(self) -> Tensor:
        """More places where the first pictures of all have edges, some outside, [S·S]."""
        size = self.size
        some = self._some().reshape(-1, size, size, 3).float()
        edges = torch.zeros(size, size)
        edges[:, 1:] += (some[:, :, 1:] - some[:, :, :-1]).abs().mean(dim=(0, 3))
        edges[1:] += (some[:, 1:] - some[:, :-1]).abs().mean(dim=(0, 3))
        inside = (self.places.abs().amax(dim=1) < 0.5).float()
        detail = edges.flatten() * inside + 1e-6 * inside
        even, outside = inside / inside.sum(), (1 - inside) / (1 - inside).sum()
        within = DETAILED * detail / detail.sum() + (1 - DETAILED) * even
        return ((1 - OUTSIDE) * within + OUTSIDE * outside).cumsum(dim=0)


def random_latents(
    recipe: Recipe, z_dim: int, num: int, rng: torch.Generator
) -> tuple[Tensor, Tensor]:
    """z and z_style [num, z_dim]: equal but for the mixed share of the recipe."""
    z = torch.randn(num, z_dim, generator=rng)
    other = torch.randn(num, z_dim, generator=rng)
    is_mixed = torch.rand(num, 1, generator=rng) < recipe.mixed_share
    return z, torch.where(is_mixed, other, z)
