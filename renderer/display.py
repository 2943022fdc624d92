"""Last stage: activation → uint8 picture. Never runs the network."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from renderer.messages import DisplaySpec, Stats
from renderer.ring import Pixels
from renderer.statistics import chunks

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
    height, width, _ = picture.shape
    both = spectrum.new_empty(height, width + spectrum.shape[1], 3)
    both[:, :width] = picture
    for channel in range(3):  # three bytes of four at a time would take three times as long
        both[:, width:, channel] = spectrum[..., channel]
    return both


def to_uint8(
    values: torch.Tensor,
    gain: float = 1.0,
    tops: torch.Tensor | None = None,
    mark_outside: bool = False,
) -> torch.Tensor:
    """Values [C, H, W] → uint8 [H, W, C]: value·gain·127.5 + 128, clamped, truncated.

    Args:
        values: float32.
        gain: −1…1 is black to white after it.
        tops: [C], by which each channel is divided first.
        mark_outside: colour the pixels of which a channel is beyond −1…1, or no number: [H, W, 3].
    """
    num_channels, height, width = values.shape
    pixels = torch.empty(height, width, num_channels, dtype=torch.uint8, device=values.device)
    step = num_channels if mark_outside else chunks(values).step
    for first in range(0, num_channels, step):
        part = slice(first, first + step)
        levels = _levels(values[part], gain, None if tops is None else tops[part])
        outside = _outside(levels) if mark_outside else None
        levels.mul_(127.5).add_(128).nan_to_num_(nan=0.0).clamp_(0, 255)
        pixels[..., part] = levels.permute(1, 2, 0)
    return _marked(pixels, outside) if outside is not None else pixels


def _levels(values: torch.Tensor, gain: float, tops: torch.Tensor | None) -> torch.Tensor:
    """New memory, in which −1…1 is black to white."""
    if tops is None:
        return values * gain
    divisors = tops.to(values).clamp(1e-8, 1e8)
    return (values / divisors[:, None, None]).mul_(gain)


def _outside(levels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """bool [H, W]: too dark, and too bright or no number."""
    highest = lowest = levels[0]
    for level in levels[1:]:  # NaN stays NaN in both
        highest, lowest = torch.maximum(highest, level), torch.minimum(lowest, level)
    return lowest < -1, ~(highest <= 1)


def _marked(pixels: torch.Tensor, outside: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    pixels = pixels.repeat(1, 1, 3 // pixels.shape[2])
    for where, color in zip(outside, (TOO_DARK, TOO_BRIGHT), strict=True):
        pixels[where] = pixels.new_tensor(color)
    return pixels
