"""A first stage on scattered places instead of whole pictures.

A generator of 1×1 kernels is, but for its filters, a function of the place: it learns as much
from a few hundred places of a picture as from all, and sees many times as many pictures. What it
has learned stands when the filters come in, as long as `first_cutoff` leaves room for it.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor

from networks.fit.album import Album, NewPictures
from networks.fit.loss import charbonnier
from networks.fit.places import Places
from networks.fit.points import at_points
from networks.fit.recipe import Recipe
from networks.fit.soap import Soap
from networks.fit.source import Source
from networks.fit.trainer import Trainer, gradients_of
from networks.generator import Generator
from networks.stylegan3 import StyleGAN3

ROOM = 24576  # pictures that are kept
FIRST = 2048  # pictures at the start
POSE_WEIGHT = 50.0  # of the squared error of the pose, against that of the colours
DRAWN_PER_STEP = 0.05  # share of a batch that is new


class Sketcher(Trainer):
    """Learns from `recipe.points` places in each picture of a batch."""

    def __init__(
        self,
        recipe: Recipe,
        source: Source,
        device: torch.device,
        workers: int,
        first: int | None = None,
        room: int | None = None,
    ) -> None:
        super().__init__(recipe, source, device, workers)
        self._first, self._room = first or FIRST, room or ROOM
        self._pictures: Album | NewPictures
        if source.draw_at is None:
            self._pictures = Album(source, recipe, self._room)
        else:
            self._pictures = NewPictures(source, recipe, source.draw_at)
        # bfloat16 is twice as fast where there is hardware for it, and harmless everywhere.
        self._dtype = torch.bfloat16

    def _make_optimizer(self, groups: list[dict[str, object]]) -> torch.optim.Optimizer:
        return Soap(groups, lr=self.recipe.lr)

    def _update(self) -> None:
        num = len(self._replicas)
        list(self._pool.map(cast(Soap, self.optimizer).step_part, range(num), [num] * num))

    def _all_gradients(self) -> list[tuple[float, list[Tensor]]]:
        num = len(self._replicas)
        batch = self._chosen().to(self.device)
        shards = [batch.part(slice(i, None, num)) for i in range(num)]
        return list(self._pool.map(self._gradients_at, self._replicas, shards))

    def _chosen(self) -> Places:
        recipe, pictures = self.recipe, self._pictures
        rng = torch.Generator().manual_seed(recipe.seed * 1_000_003 + self.step)
        if isinstance(pictures, NewPictures):
            return pictures.choose(recipe.batch, recipe.points, rng, self._pool.map)
        new = self.step * recipe.batch * DRAWN_PER_STEP
        pictures.draw_until(self._first + int(new), self._pool.map)
        return pictures.choose(recipe.batch, recipe.points, rng)

    def _gradients_at(self, replica: Generator, shard: Places) -> tuple[float, list[Tensor]]:
        ws, ws_style = replica.mapping(torch.cat([shard.z, shard.z_style])).chunk(2)
        rows = min(self.recipe.crossover, replica.num_ws - 1)
        ws = torch.cat([ws[:, :rows], ws_style[:, rows:]], dim=1)
        loss = self._astray(replica, ws[:, 0], shard.z)
        made = at_points(cast(StyleGAN3, replica), ws, shard.places, self._dtype)
        loss = loss + charbonnier(made - shard.colours)
        return gradients_of(loss * (len(shard.z) / self.recipe.batch), replica)

    def _astray(self, replica: Generator, w: Tensor, z: Tensor) -> Tensor:
        """How far the input's transform is from where the source says that its subject stands.

        Waves of twenty cycles per width need it exact; the colours of a few places say little
        about it.
        """
        if not self.recipe.hinted or self.source.pose is None:
            return w.new_zeros([])
        found = cast(StyleGAN3, replica).synthesis.input.affine(w)
        found = found / found[:, :2].norm(dim=1, keepdim=True)
        missed: Tensor = (found - self.source.pose(z)).square().mean()
        return POSE_WEIGHT * missed
