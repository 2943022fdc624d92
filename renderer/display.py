"""Last stage: activation → uint8 picture and statistics. Never runs the network."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from renderer.messages import DisplaySpec, Stats
from renderer.ring import Pixels
from renderer.spectrum import spectrum_picture


@dataclass(frozen=True)
class Picture:
    """A displayed layer."""

    pixels: Pixels  # [H, W, 1 or 3]
    stats: Stats
    num_shown_channels: int
    base_channel: int


def display(activation: torch.Tensor, spec: DisplaySpec) -> Picture:
    """Show an activation [C, H, W] as `spec` says."""
    activation = activation.float()
    num_channels = activation.shape[0]
    num_shown = spec.num_channels if num_channels >= spec.num_channels else 1
    base = min(max(spec.base_channel, 0), num_channels - num_shown)
    shown = activation[base : base + num_shown]
    picture = to_uint8(shown, spec.normalize, spec.scale_db)
    if spec.spectrum is not None:
        signal = activation if spec.spectrum.all_channels else shown
        spectrum = spectrum_picture(signal, spec.spectrum)
        picture = torch.cat([picture.expand(-1, -1, 3), spectrum], dim=1)
    return Picture(
        pixels=picture.cpu().contiguous().numpy(),
        stats=statistics(activation, shown),
        num_shown_channels=num_shown,
        base_channel=base,
    )


def to_uint8(channels: torch.Tensor, normalize: bool, scale_db: float) -> torch.Tensor:
    """[C, H, W] → uint8 [H, W, C]: value·10^(dB/20)·127.5 + 128, clamped, truncated."""
    if normalize:
        channels = channels / channels.abs().amax(dim=(1, 2), keepdim=True).clamp(1e-8, 1e8)
    levels = channels * (10 ** (scale_db / 20)) * 127.5 + 128
    levels = levels.nan_to_num(nan=0.0).clamp(0, 255)
    return levels.to(torch.uint8).permute(1, 2, 0)


def statistics(activation: torch.Tensor, shown: torch.Tensor) -> Stats:
    """Mean, unbiased standard deviation and largest magnitude of all and of the shown."""
    parts = (activation.double(), shown.double())
    values = [
        (float(x.mean()), float(x.std()) if x.numel() > 1 else 0.0, float(x.abs().max()))
        for x in parts
    ]
    (mean, std, top), (shown_mean, shown_std, shown_top) = values
    return Stats((mean, shown_mean), (std, shown_std), (top, shown_top))
