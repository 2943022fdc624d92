"""The memory of an activation, channel by channel: what is shown, measured and transformed."""

from __future__ import annotations

import torch


def planes(activation: torch.Tensor) -> torch.Tensor:
    """[C, H, W] contiguous; the same memory where it is so already.

    Networks may compute with the channels last. There every look at a channel would fetch the
    memory of all of them: once is enough.
    """
    if activation.is_contiguous():
        return activation
    channels_last = activation.permute(1, 2, 0)
    if not channels_last.is_contiguous():
        return activation.contiguous()
    result = torch.empty_like(activation, memory_format=torch.contiguous_format)
    # A matrix: torch turns it block by block, four times as fast as three dimensions.
    result.flatten(1).copy_(channels_last.flatten(0, 1).t())
    return result
