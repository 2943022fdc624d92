"""Statistics of an activation per channel, and of several channels together."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from renderer.messages import Stats

CHUNK_VALUES = 1 << 20  # looked at together: they stay in the processor's cache


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
    flat = activation.flatten(1)
    num_pixels = flat.shape[1]
    means, deviations, tops = [], [], []
    for first in chunks(activation):
        x = flat[first : first + chunks(activation).step].float()
        mean = x.mean(dim=1)
        means.append(mean)
        # Two passes: faster here than var_mean, and as safe from cancellation.
        deviations.append(torch.linalg.vector_norm(x - mean[:, None], dim=1))
        tops.append(torch.maximum(-x.amin(dim=1), x.amax(dim=1)))
    mean, deviation, top = (torch.cat(x).double().cpu() for x in (means, deviations, tops))
    return ChannelStatistics(mean, deviation.square() / num_pixels, top, num_pixels)


def all_and_shown(statistics: ChannelStatistics, first: int, count: int) -> Stats:
    """What the window shows about a picture of `count` channels."""
    whole = statistics.of(0, len(statistics.mean))
    mean, std, top = zip(whole, statistics.of(first, count), strict=True)
    return Stats(mean, std, top)
