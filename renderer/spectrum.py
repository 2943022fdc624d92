"""The 2-D power spectrum of a layer as a viridis picture."""

from __future__ import annotations

import torch

from renderer.messages import SpectrumSpec
from renderer.viridis import NUM_STEPS, viridis_table


def power_db(signal: torch.Tensor, beta: float) -> torch.Tensor:
    """Power spectrum [H, W] in dB of its own mean, zero frequency in the middle.

    Args:
        signal: [C, H, W], raw values.
        beta: of the separable symmetric Kaiser window.
    """
    signal = signal.float()
    signal = signal - signal.mean(dim=(1, 2), keepdim=True)
    for axis in (1, 2):
        window = torch.kaiser_window(
            signal.shape[axis], periodic=False, beta=beta, device=signal.device
        )
        signal = signal * (window[:, None] if axis == 1 else window)
    power: torch.Tensor = torch.fft.fftn(signal, dim=(1, 2)).abs().square().sum(dim=0)
    power = torch.fft.fftshift(power)
    tiny = torch.finfo(power.dtype).tiny  # a constant signal has no power at all
    relative: torch.Tensor = power / power.mean().clamp(min=tiny)
    return 10 * relative.clamp(min=tiny).log10()


def spectrum_picture(signal: torch.Tensor, spec: SpectrumSpec) -> torch.Tensor:
    """uint8 [H, W, 3]: viridis over ±range_db.

    Args:
        signal: [C, H, W], the channels that count.
    """
    level = (power_db(signal, spec.beta) / spec.range_db + 1) / 2
    level = level.nan_to_num(nan=0.0).clamp(0, 1)
    steps = (level * (NUM_STEPS - 1)).round().long()
    return viridis_table().to(steps.device)[steps]
