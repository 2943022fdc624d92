"""Power spectra of activations: one map for the picture and the curves, one number per channel."""

from __future__ import annotations

from collections.abc import Callable

import torch

from renderer.channel_power import ChannelPower, ignore
from renderer.messages import LayerInfo
from renderer.viridis import colored


def power_map(
    signal: torch.Tensor,
    beta: float,
    between: Callable[[], None] = ignore,
    is_centred: bool = False,
) -> torch.Tensor:
    """Power [H, W], summed over the channels, zero frequency in the middle.

    Args:
        signal: [C, H, W], raw values; the mean of each channel is removed.
        beta: of the separable symmetric Kaiser window.
        between: called between pieces of the work; may raise.
        is_centred: the mean has been removed by `centred`.
    """
    half = ChannelPower(signal, beta, between, is_centred).sum()
    # The other half by symmetry: P(−f) = P(f).
    rest = signal.shape[2] - half.shape[1]
    mirrored = half[:, 1 : 1 + rest].flip(0, 1).roll(1, dims=0)
    whole: torch.Tensor = torch.fft.fftshift(torch.cat([half, mirrored], dim=1))
    return whole


def power_db(power: torch.Tensor) -> torch.Tensor:
    """A power map in dB of its own mean."""
    tiny = torch.finfo(power.dtype).tiny  # a constant signal has no power at all
    relative = power / power.mean().clamp(min=tiny)
    return relative.clamp_(min=tiny).log10_().mul_(10)


def spectrum_picture(levels_db: torch.Tensor, range_db: float) -> torch.Tensor:
    """uint8 [H, W, 3]: viridis over ±range_db of what `power_db` returns."""
    return colored((levels_db / range_db).add_(1).div_(2))


def out_of_band_db(
    signal: torch.Tensor, beta: float, layer: LayerInfo, between: Callable[[], None] = ignore
) -> torch.Tensor:
    """Per channel, power beyond the layer's cutoff over all power, in dB: [C] on the CPU.

    The band is a disc where the layer's filter is radial, else a square.
    """
    height, width = signal.shape[1:]
    counts = torch.full([height, width // 2 + 1], 2.0)
    counts[:, 0] = 1  # the other frequencies stand for their mirror image too
    if width % 2 == 0:
        counts[:, -1] = 1
    outside = counts * outside_band(layer, height, width)
    weights = torch.stack([counts, outside], dim=2)
    total, beyond = ChannelPower(signal, beta, between).weighed(weights).unbind(dim=1)
    return 10 * (beyond / total.clamp(min=1e-30)).clamp(min=1e-12).log10().cpu()


def outside_band(layer: LayerInfo, height: int, width: int) -> torch.Tensor:
    """bool [H, W // 2 + 1]: where |f| is beyond the cutoff, zero frequency first."""
    assert layer.cutoff is not None
    assert layer.sampling_rate is not None
    f_y = torch.fft.fftfreq(height).abs()[:, None] * layer.sampling_rate
    f_x = torch.fft.rfftfreq(width) * layer.sampling_rate
    size = (f_x.square() + f_y.square()).sqrt() if layer.is_radial else torch.maximum(f_x, f_y)
    return size > layer.cutoff
