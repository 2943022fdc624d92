"""filtered_lrelu: upsample, leaky ReLU, downsample without aliasing."""

from typing import Any

import torch

from cuda_ext import checks, dispatch, reference


def filtered_lrelu(
    x: torch.Tensor,
    fu: torch.Tensor | None = None,
    fd: torch.Tensor | None = None,
    b: torch.Tensor | None = None,
    up: int = 1,
    down: int = 1,
    padding: Any = 0,
    gain: float = 2**0.5,
    slope: float = 0.2,
    clamp: float | None = None,
    flip_filter: bool = False,
    impl: str = "auto",
) -> torch.Tensor:
    """Bias, zero insertion, padding, filter `fu`, gain, leaky ReLU, clamp, filter `fd`, decimation.

    Karras et al., "Alias-Free Generative Adversarial Networks", NeurIPS 2021, section 3.

    Args:
        x: [N, C, H, W], contiguous or channels-last.
        fu: upsampling filter: None, separable taps [taps], or [taps_y, taps_x]; its result is
            multiplied by up².
        fd: downsampling filter, likewise.
        b: [C], added before the padding.
        up: zero insertion factor.
        down: decimation factor, starting at sample 0.
        padding: p, (px, py) or (x0, x1, y0, y1), of the upsampled image; negative crops.
        gain: multiplies before the nonlinearity.
        slope: of the negative side; 1 is linear.
        clamp: limit of the absolute value after the activation, or None.
        flip_filter: correlation instead of convolution.
        impl: "auto", "native" or "reference".

    Returns:
        [N, C, (H·up + y0 + y1 − taps_u − taps_d + 2 + down − 1) // down, likewise], dtype of `x`.

    Raises:
        TypeError, ValueError: an argument is wrong; the message names it.
        RuntimeError: `impl` is "native" and no native kernel serves `x`.
    """
    x = checks.check_image(x)
    fu, fd = checks.check_filter(fu, x, "fu"), checks.check_filter(fd, x, "fd")
    b = checks.check_bias(b, x)
    up, down = checks.check_factor(up, "up"), checks.check_factor(down, "down")
    gain, slope = checks.check_number(gain, "gain"), checks.check_number(slope, "slope")
    clamp = checks.check_clamp(clamp)
    checks.check_bool(flip_filter, "flip_filter")
    pads = checks.parse_padding(padding)
    checks.check_output_size(x, up, pads, (fu, fd), down)
    dispatch.choose(checks.check_impl(impl), x)
    return reference.filtered_lrelu(x, fu, fd, b, up, down, pads, gain, slope, clamp, flip_filter)
