"""Curves of a layer's power spectrum: over the radius, along the axes and the diagonal."""

from __future__ import annotations

import math

import torch

from renderer.messages import LayerInfo, Profile, SpectrumProfile
from renderer.spectrum import outside_band
from renderer.stages import Stages


def spectrum_profile(job: SpectrumProfile, stages: Stages) -> Profile:
    """The curves of the spectrum that the view shows, or would show."""
    layer, power = stages.layer(), stages.power()
    height, width = power.shape
    per_cycle = 1.0 if layer.sampling_rate is None else layer.sampling_rate / width
    radial = _radial_mean(power)
    size = min(height, width) // 2
    along = torch.arange(size)
    middle_y, middle_x = height // 2, width // 2
    whole = float(power.mean())
    return Profile(
        view=job.view,
        layer=layer,
        frequencies=_scaled(torch.arange(len(radial)), per_cycle),
        radial_db=_levels(radial, whole),
        horizontal_db=_levels(power[middle_y, middle_x:], whole),
        vertical_db=_levels(power[middle_y:, middle_x], whole),
        diagonal_frequencies=_scaled(along * math.sqrt(2), per_cycle),
        diagonal_db=_levels(power[middle_y + along, middle_x + along], whole),
        nyquist=per_cycle * width / 2,
        cutoff=layer.cutoff,
        stopband=layer.stopband,
        out_of_band_db=_out_of_band(power, layer),
        synthesis_runs=stages.work.synthesis_runs,
    )


def _radial_mean(power: torch.Tensor) -> torch.Tensor:
    """Mean power of the frequencies nearest to each whole number of cycles per layer width."""
    height, width = power.shape
    f_y = (torch.arange(height) - height // 2) * (width / height)
    f_x = torch.arange(width) - width // 2
    ring = (f_x.square() + f_y.square()[:, None]).sqrt().round().long().flatten()
    sums = torch.bincount(ring, weights=power.cpu().double().flatten())
    return sums / torch.bincount(ring).clamp(min=1)


def _levels(power: torch.Tensor, whole: float) -> tuple[float, ...]:
    """dB of the mean of the whole map."""
    tiny = torch.finfo(torch.float32).tiny
    relative = power.double().cpu() / max(whole, tiny)
    return tuple((10 * relative.clamp(min=tiny).log10()).tolist())


def _scaled(cycles: torch.Tensor, per_cycle: float) -> tuple[float, ...]:
    return tuple((cycles.double() * per_cycle).tolist())


def _out_of_band(power: torch.Tensor, layer: LayerInfo) -> float | None:
    if layer.cutoff is None:
        return None
    half = outside_band(layer, *power.shape)
    whole = torch.cat([half, half[:, 1 : (power.shape[1] + 1) // 2].flip(1)], dim=1)
    outside = torch.fft.fftshift(whole).to(power.device)
    ratio = float((power * outside).sum()) / max(float(power.sum()), 1e-30)
    return 10 * math.log10(max(ratio, 1e-12))
