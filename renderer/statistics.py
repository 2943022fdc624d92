"""Statistics of an activation per channel, and of several channels together."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from renderer.messages import Stats

CHUNK_VALUES = 1 << 24  # converted to float32 at a time


@dataclass(frozen=True)
class ChannelStatistics:
    """float64 [C] each, on the CPU."""

    mean: torch.Tensor
    variance: torch.Tensor  # of the population
    max_abs: torch.Tensor
    num_pixels: int

    @property
    def nbytes(self) -> int:
        return 3 * self.mean.nbytes

    def of(self, first: int, count: int) -> tuple[float, float, float]:
        """Mean, unbiased standard deviation and largest magnitude of a range of channels."""
        mean = self.mean[first : first + count]
        variance = self.variance[first : first + count]
        centre = mean.mean()
        squares = self.num_pixels * (variance + (mean - centre).square()).sum()
        freedom = self.num_pixels * count - 1
        std = float((squares / freedom).sqrt()) if freedom > 0 else 0.0
        return float(centre), std, float(self.max_abs[first : first + count].max())


def chunks(activation: torch.Tensor) -> range:
    """First channels of pieces that are small enough to be copied: `[i : i + chunks(x).step]`."""
    per_channel = max(activation[0].numel(), 1)
    return range(0, activation.shape[0], max(CHUNK_VALUES // per_channel, 1))


def channel_statistics(activation: torch.Tensor) -> ChannelStatistics:
    """Statistics of every channel of [C, H, W]."""
    parts = chunks(activation)
    means, variances, tops = [], [], []
    for first in parts:
        x = activation[first : first + parts.step].float().flatten(1)
        variance, mean = torch.var_mean(x, dim=1, correction=0)
        means.append(mean)
        variances.append(variance)
        low, high = x.aminmax(dim=1)
        tops.append(torch.maximum(-low, high))
    mean, variance, top = (torch.cat(x).double().cpu() for x in (means, variances, tops))
    return ChannelStatistics(mean, variance, top, activation[0].numel())


def all_and_shown(statistics: ChannelStatistics, first: int, count: int) -> Stats:
    """What the window shows about a picture of `count` channels."""
    whole = statistics.of(0, len(statistics.mean))
    mean, std, top = zip(whole, statistics.of(first, count), strict=True)
    return Stats(mean, std, top)
