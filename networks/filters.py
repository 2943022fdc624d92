"""Low-pass filters of StyleGAN3, designed with the Kaiser window method.

Source: Karras et al., "Alias-Free Generative Adversarial Networks" (NeurIPS 2021), appendix C.
"""

import math

import numpy as np
import torch
from torch import Tensor


def design_lowpass(
    taps: int, cutoff: float, half_width: float, sampling_rate: float, radial: bool = False
) -> Tensor | None:
    """A low-pass filter with unit sum.

    Args:
        taps: filter length; 1 = no filter.
        cutoff: f_c, cycles per image width.
        half_width: f_h, half of the transition band.
        sampling_rate: of the signal that is filtered, samples per image width.
        radial: circularly symmetric.

    Returns:
        float32 [taps] (separable), [taps, taps] (radial), or None (identity).
    """
    if taps == 1:
        return None
    if radial:
        return _radial_lowpass(taps, cutoff, half_width, sampling_rate)
    at = (np.arange(taps) - (taps - 1) / 2) * (2 * cutoff / sampling_rate)
    coeffs = np.sinc(at) * np.kaiser(taps, _kaiser_beta(taps, half_width, sampling_rate))
    return torch.as_tensor(coeffs / coeffs.sum(), dtype=torch.float32)


def _kaiser_beta(taps: int, half_width: float, sampling_rate: float) -> float:
    """Kaiser's rule: the window whose transition band is 2·half_width wide.

    As `scipy.signal.kaiser_beta(kaiser_atten(…))`, whose import would delay the first picture.
    """
    attenuation_db = 2.285 * (taps - 1) * math.pi * 4 * half_width / sampling_rate + 7.95
    if attenuation_db > 50:
        return 0.1102 * (attenuation_db - 8.7)
    if attenuation_db > 21:
        return 0.5842 * (attenuation_db - 21) ** 0.4 + 0.07886 * (attenuation_db - 21)
    return 0.0


def _radial_lowpass(taps: int, cutoff: float, half_width: float, sampling_rate: float) -> Tensor:
    axis = (np.arange(taps) - (taps - 1) / 2) / sampling_rate
    radius = np.hypot(*np.meshgrid(axis, axis))
    safe = np.where(radius == 0, 1.0, radius)
    # The ideal circular low-pass is a jinc, which tends to f_c at its centre.
    from scipy.special import j1  # here: its import would delay the first picture

    jinc = j1(2 * np.pi * cutoff * safe) / (np.pi * safe)
    jinc = np.where(radius == 0, cutoff, jinc)
    window = np.kaiser(taps, _kaiser_beta(taps, half_width, sampling_rate))
    coeffs = jinc * np.outer(window, window)
    return torch.as_tensor(coeffs / coeffs.sum(), dtype=torch.float32)
