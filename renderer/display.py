"""Last stage: activation → uint8 picture. Never runs the network."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from renderer.messages import DisplaySpec, Stats
from renderer.ring import Pixels

TOO_BRIGHT = (240, 50, 60)  # marks of values outside the displayable range
TOO_DARK = (40, 90, 240)


@dataclass(frozen=True)
class Picture:
    """A displayed layer."""

    pixels: Pixels  # [H, W, 1 or 3]
    stats: Stats
    num_shown_channels: int
    base_channel: int


def shown_channels(num_channels: int, spec: DisplaySpec) -> tuple[int, int]:
    """(first, count): one channel where the layer has fewer than are wanted."""
    count = spec.num_channels if num_channels >= spec.num_channels else 1
    return min(max(spec.base_channel, 0), num_channels - count), count


def beside(picture: torch.Tensor, spectrum: torch.Tensor) -> torch.Tensor:
    """The spectrum to the right of the picture, both in colour."""
    return torch.cat([picture.expand(-1, -1, 3), spectrum], dim=1)


def pixels_last(channels: torch.Tensor) -> torch.Tensor:
    """[C, H, W] → float32 [H, W, C], contiguous; it may be the same memory."""
    # In two steps: gathering a few of many channels is slow where it converts, too.
    return channels.permute(1, 2, 0).contiguous().float()


def to_uint8(
    values: torch.Tensor,
    gain: float = 1.0,
    tops: torch.Tensor | None = None,
    mark_outside: bool = False,
) -> torch.Tensor:
    """Values [H, W, C] → uint8 of the same shape: value·gain·127.5 + 128, clamped, truncated.

    Args:
        values: float32, contiguous.
        gain: −1…1 is black to white after it.
        tops: [C], by which each channel is divided first.
        mark_outside: colour the pixels of which a channel is beyond −1…1, or no number: [H, W, 3].
    """
    levels = values * gain if tops is None else _normalized(values, tops).mul_(gain)
    outside = _outside(levels) if mark_outside else None
    levels.mul_(127.5).add_(128).nan_to_num_(nan=0.0).clamp_(0, 255)
    pixels = levels.to(torch.uint8)
    if outside is not None:
        pixels = pixels.repeat(1, 1, 3 // pixels.shape[2])
        for where, color in zip(outside, (TOO_DARK, TOO_BRIGHT), strict=True):
            pixels[where] = pixels.new_tensor(color)
    return pixels


def _normalized(values: torch.Tensor, tops: torch.Tensor) -> torch.Tensor:
    height, width, _ = values.shape
    divisors = tops.to(values).clamp(1e-8, 1e8).repeat(width)  # a row: one long inner loop
    return (values.view(height, -1) / divisors).view(values.shape)


def _outside(levels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """bool [H, W]: too dark, and too bright or no number."""
    highest = lowest = levels[..., 0]
    for channel in range(1, levels.shape[2]):  # NaN stays NaN in both
        highest = torch.maximum(highest, levels[..., channel])
        lowest = torch.minimum(lowest, levels[..., channel])
    return lowest < -1, ~(highest <= 1)
