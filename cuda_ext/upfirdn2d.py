"""upfirdn2d: upsample, filter, downsample (StyleGAN2's resampling)."""

from typing import Any

import torch

from cuda_ext import checks, dispatch, reference


def upfirdn2d(
    x: torch.Tensor,
    f: torch.Tensor | None,
    up: int = 1,
    down: int = 1,
    padding: Any = 0,
    gain: float = 1,
    flip_filter: bool = False,
    impl: str = "auto",
) -> torch.Tensor:
    """Zero insertion, padding, filter, decimation.

    Args:
        x: [N, C, H, W], contiguous or channels-last.
        f: None, separable taps [taps], or [taps_y, taps_x].
        up: zero insertion factor (nothing is compensated: pass gain=up² to keep the level).
        down: decimation factor, starting at sample 0.
        padding: p, (px, py) or (x0, x1, y0, y1), of the upsampled image; negative crops.
        gain: factor on the result.
        flip_filter: correlation instead of convolution.
        impl: "auto", "native" or "reference".

    Returns:
        [N, C, (H·up + y0 + y1 − taps_y + 1 + down − 1) // down, likewise], dtype of `x`.

    Raises:
        TypeError, ValueError: an argument is wrong; the message names it.
        RuntimeError: `impl` is "native" and no native kernel serves `x`.
    """
    x = checks.check_image(x)
    f = checks.check_filter(f, x, "f")
    up, down = checks.check_factor(up, "up"), checks.check_factor(down, "down")
    gain = checks.check_number(gain, "gain")
    checks.check_bool(flip_filter, "flip_filter")
    pads = checks.parse_padding(padding)
    checks.check_output_size(x, up, pads, (f,), down)
    dispatch.choose(checks.check_impl(impl), x)
    return reference.upfirdn2d(x, f, up, down, pads, gain, flip_filter)
