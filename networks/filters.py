"""Low-pass filters of StyleGAN3, designed with the Kaiser window method.

Source: Karras et al., "Alias-Free Generative Adversarial Networks" (NeurIPS 2021), appendix C.
"""

import numpy as np
import scipy.signal
import scipy.special
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
    coeffs = scipy.signal.firwin(taps, cutoff=cutoff, width=2 * half_width, fs=sampling_rate)
    return torch.as_tensor(coeffs, dtype=torch.float32)


def _radial_lowpass(taps: int, cutoff: float, half_width: float, sampling_rate: float) -> Tensor:
    axis = (np.arange(taps) - (taps - 1) / 2) / sampling_rate
    radius = np.hypot(*np.meshgrid(axis, axis))
    safe = np.where(radius == 0, 1.0, radius)
    # The ideal circular low-pass is a jinc, which tends to f_c at its centre.
    jinc = scipy.special.j1(2 * np.pi * cutoff * safe) / (np.pi * safe)
    jinc = np.where(radius == 0, cutoff, jinc)
    attenuation = scipy.signal.kaiser_atten(taps, 2 * half_width / (sampling_rate / 2))
    window = np.kaiser(taps, scipy.signal.kaiser_beta(attenuation))
    coeffs = jinc * np.outer(window, window)
    return torch.as_tensor(coeffs / coeffs.sum(), dtype=torch.float32)
