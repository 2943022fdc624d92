"""fourier_features: the input of a StyleGAN3 generator from w to its mixed channels, natively."""

from typing import NamedTuple

import torch

from cuda_ext import checks, cpu, dispatch
from cuda_ext.dispatch import NATIVE_DTYPES
from cuda_ext.modulated_conv2d import ConvWeight


class Fourier(NamedTuple):
    """What stays of a Fourier-feature input.

    t = w · affineᵀ · affine_gain + affine_bias is a rotation (t₀, t₁) and a translation (t₂, t₃).
    """

    affine: torch.Tensor  # [4, w_dim]
    affine_gain: float
    affine_bias: torch.Tensor  # [4]
    freqs: torch.Tensor  # [C, 2], cycles per image width
    phases: torch.Tensor  # [C], turns
    mixing: ConvWeight  # [C, C, 1, 1]
    size: int  # samples per axis
    sampling_rate: float  # samples per image width
    bandwidth: float  # cycles per image width
    fade: float  # frequencies beyond the bandwidth fade out over this width


def fourier_features(
    w: torch.Tensor, transform: torch.Tensor, fourier: Fourier, dtype: torch.dtype
) -> torch.Tensor:
    """The features [N, C, size, size], channels-last; no gradient, CPU only.

    Args:
        w: [N, w_dim].
        transform: [3, 3], applied before the rotation and translation that w asks for.
        fourier: what stays.
        dtype: of the result, float32 or bfloat16.

    Raises:
        TypeError, ValueError: an argument is wrong; the message names it.
        RuntimeError: there is no native kernel.
    """
    channels, depth = fourier.mixing.weight.shape[0], w.shape[-1] if w.ndim else 0
    checks.check_values(w, (w.shape[0] if w.ndim else 0, depth), w, "w")
    checks.check_values(transform, (3, 3), w, "transform")
    checks.check_values(fourier.affine, (4, depth), w, "affine")
    checks.check_values(fourier.affine_bias, (4,), w, "affine_bias")
    checks.check_values(fourier.freqs, (channels, 2), w, "freqs")
    checks.check_values(fourier.phases, (channels,), w, "phases")
    reason = dispatch.why_not_native(w.device, dtype)
    if reason is not None or w.device.type != "cpu":
        raise RuntimeError(f"fourier_features cannot run: {reason or 'w is not on the CPU'}")
    module = dispatch.choose("native", w.new_empty(0, dtype=dtype))
    shape = (w.shape[0], channels, fourier.size, fourier.size)
    y = cpu.new_picture(shape, dtype, pad=channels > cpu.LINE)
    values = (w, fourier.affine, fourier.affine_bias, transform, fourier.freqs, fourier.phases)
    # kept alive until the call returns
    vectors = [value for value in map(cpu.floats, values) if value is not None]
    if y.numel():
        module.fourier(
            (
                *(vector.data_ptr() for vector in vectors),
                fourier.mixing.packed(module).data_ptr(),
                y.data_ptr(),
            ),
            (*shape[:3], depth),
            vectors[0].stride(0),
            (y.stride(0), y.stride(2), y.stride(3)),
            (fourier.affine_gain, fourier.sampling_rate, fourier.bandwidth, fourier.fade),
            NATIVE_DTYPES[dtype],
            torch.get_num_threads(),
        )
    return y
