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


def to_uint8(channels: torch.Tensor, normalize: bool, scale_db: float) -> torch.Tensor:
    """[C, H, W] → uint8 [H, W, C]: value·10^(dB/20)·127.5 + 128, clamped, truncated."""
    levels = scaled(channels, normalize, scale_db).mul_(127.5).add_(128)
    levels = levels.nan_to_num_(nan=0.0).clamp_(0, 255)
    return levels.to(torch.uint8).permute(1, 2, 0)


def scaled(channels: torch.Tensor, normalize: bool, scale_db: float) -> torch.Tensor:
    """[C, H, W] as it is shown, a new tensor: −1…1 is black to white."""
    if normalize:
        channels = channels / channels.abs().amax(dim=(1, 2), keepdim=True).clamp(1e-8, 1e8)
    return channels * (10 ** (scale_db / 20))


def mark_outside(picture: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
    """uint8 [H, W, 3] with the pixels marked of which a channel is beyond −1…1, or no number.

    Args:
        levels: [C, H, W], what `scaled` returns.
    """
    marked = picture.repeat(1, 1, 3 // picture.shape[2])
    marked[(levels < -1).any(dim=0)] = marked.new_tensor(TOO_DARK)
    marked[~(levels <= 1).all(dim=0)] = marked.new_tensor(TOO_BRIGHT)
    return marked
