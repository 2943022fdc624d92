"""One step after another: gradients, optimizer, running means."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor, nn

from networks.fit.loss import picture_loss
from networks.fit.models import build, learning_rates
from networks.fit.recipe import Recipe
from networks.fit.source import Batch, Source, draw_batch
from networks.fourier import SynthesisInput
from networks.generator import Generator

DRAWN_AT_ONCE = 32  # pictures: drawing few at a time wastes time


class Trainer:
    """A generator on its way towards a source.

    Several workers share the parameters, each with a part of the batch and a thread of its own:
    on few and busy cores that is faster than splitting every operation among threads.
    """

    def __init__(self, recipe: Recipe, source: Source, device: torch.device, workers: int) -> None:
        self.recipe, self.source, self.device = recipe, source, device
        self.step = 0
        self.generator = build(recipe, source.z_dim).to(device).train().requires_grad_(True)
        for module in self.generator.modules():
            if isinstance(module, SynthesisInput):
                module.register_forward_hook(_channels_last)
        self.ema = copy.deepcopy(self.generator).eval().requires_grad_(False)
        self.optimizer = self._make_optimizer(learning_rates(self.generator, recipe))
        self._replicas = [self.generator, *(self._replica() for _ in range(workers - 1))]
        self._pool = ThreadPoolExecutor(workers)
        self._drawn: list[Batch] = []
        self._first_drawn = -1

    def _make_optimizer(self, groups: list[dict[str, object]]) -> torch.optim.Optimizer:
        return torch.optim.Adam(groups, lr=self.recipe.lr, betas=(0.9, 0.99), eps=1e-8)

    def _replica(self) -> Generator:
        """Modules of their own around the same parameter values; gradients stay separate."""
        replica = copy.deepcopy(self.generator)
        for mine, shared in zip(replica.parameters(), self.generator.parameters(), strict=True):
            mine.data = shared.data
        return replica

    def train_step(self, lr_factor: float) -> float:
        """One step with the recipe's learning rate times `lr_factor`; returns the loss."""
        parts = self._all_gradients()
        parameters = list(self.generator.parameters())
        for i, parameter in enumerate(parameters):
            parameter.grad = torch.stack([gradients[i] for _, gradients in parts]).sum(dim=0)
        warm = min((self.step + 1) / self.recipe.warmup, 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.lr * group["scale"] * warm * lr_factor
        self._update()
        self.step += 1
        self._agree_on_buffers()
        self._follow()
        return sum(loss for loss, _ in parts)

    def _all_gradients(self) -> list[tuple[float, list[Tensor]]]:
        """Of every worker."""
        batch = self._batch(self.step)
        num = len(self._replicas)
        shards = [batch[i::num] for i in range(num)]
        return list(self._pool.map(self._gradients, self._replicas, shards))

    def _update(self) -> None:
        self.optimizer.step()

    def _gradients(self, replica: Generator, shard: Batch) -> tuple[float, list[Tensor]]:
        """Loss and gradients of one part, weighted by its share of the batch."""
        made = synthesize(replica, shard, self.recipe.crossover)
        share = len(shard.z) / self.recipe.batch
        loss = picture_loss(made, shard.pictures, self.recipe.gradient_weight) * share
        return gradients_of(loss, replica)

    @torch.no_grad()
    def share_buffers(self) -> None:
        """Every worker gets the generator's buffers, after they were loaded."""
        for replica in self._replicas[1:]:
            for buffer, source in zip(replica.buffers(), self.generator.buffers(), strict=True):
                buffer.copy_(source)

    @torch.no_grad()
    def _agree_on_buffers(self) -> None:
        """Running means of all workers become their mean."""
        groups = zip(*(replica.buffers() for replica in self._replicas), strict=True)
        for buffers in groups:
            mean = torch.stack(list(buffers)).mean(dim=0)
            for buffer in buffers:
                buffer.copy_(mean)

    @torch.no_grad()
    def _follow(self) -> None:
        """The averaged generator follows; faster at first, when there is little to average."""
        decay = min(self.recipe.ema_decay, (1 + self.step) / (10 + self.step))
        for mean, value in zip(self.ema.parameters(), self.generator.parameters(), strict=True):
            mean.lerp_(value, 1 - decay)
        for buffer, source in zip(self.ema.buffers(), self.generator.buffers(), strict=True):
            buffer.copy_(source)

    def _batch(self, step: int) -> Batch:
        """The pictures of a step; drawn many at a time, one group per worker."""
        steps = max(DRAWN_AT_ONCE // self.recipe.batch, 1)
        group, place = divmod(step, steps)
        if not self._first_drawn <= group < self._first_drawn + len(self._drawn):
            self._drawn = list(self._pool.map(self._draw, self._groups_from(group, steps)))
            self._first_drawn = group
        start = place * self.recipe.batch
        return self._drawn[group - self._first_drawn][start : start + self.recipe.batch]

    def _groups_from(self, group: int, steps: int) -> Iterator[tuple[int, int]]:
        for i in range(len(self._replicas)):
            yield group + i, steps * self.recipe.batch

    def _draw(self, index_num: tuple[int, int]) -> Batch:
        return draw_batch(self.source, self.recipe, *index_num, self.device)


def gradients_of(loss: Tensor, generator: Generator) -> tuple[float, list[Tensor]]:
    """The loss as a number, and its gradient by every parameter."""
    parameters = list(generator.parameters())
    gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
    pairs = zip(gradients, parameters, strict=True)
    return float(loss.detach()), [torch.zeros_like(p) if g is None else g for g, p in pairs]


def _channels_last(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
    """The layout that the native kernels work in; everything after the input keeps it."""
    return output.contiguous(memory_format=torch.channels_last)


def synthesize(generator: Generator, batch: Batch, crossover: int) -> Tensor:
    """The generator's pictures of a batch, layout and style rows each from their own latent."""
    ws, ws_style = generator.mapping(torch.cat([batch.z, batch.z_style])).chunk(2)
    rows = min(crossover, generator.num_ws - 1)
    ws = torch.cat([ws[:, :rows], ws_style[:, rows:]], dim=1)
    made: Tensor = generator.synthesis(ws, input_transform=batch.transform)
    return made
