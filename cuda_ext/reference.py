"""The operators in plain torch: differentiable, on every device, and the truth for tests.

Half-precision input is computed in float32 and rounded once at the end, as native kernels do.
"""

import torch
import torch.nn.functional as F

from cuda_ext.checks import Padding

_HALVES = (torch.float16, torch.bfloat16)


def upfirdn2d(
    x: torch.Tensor,
    f: torch.Tensor | None,
    up: int,
    down: int,
    padding: Padding,
    gain: float,
    flip_filter: bool,
) -> torch.Tensor:
    """Insert up-1 zeros after each sample, pad, filter, keep every down-th sample.

    Args:
        x: [N, C, H, W].
        f: None, separable taps [taps], or [taps_y, taps_x].
        up: factor of zero insertion.
        down: factor of decimation, starting at sample 0.
        padding: (x0, x1, y0, y1) of the upsampled image; negative crops.
        gain: factor on the result.
        flip_filter: correlation instead of convolution.

    Returns:
        [N, C, H', W'] of the dtype of `x`.
    """
    y = _pad(_insert_zeros(_widen(x), up), padding)
    return _filter(y, f, down, gain, flip_filter).to(x.dtype)


def filtered_lrelu(
    x: torch.Tensor,
    fu: torch.Tensor | None,
    fd: torch.Tensor | None,
    b: torch.Tensor | None,
    up: int,
    down: int,
    padding: Padding,
    gain: float,
    slope: float,
    clamp: float | None,
    flip_filter: bool,
) -> torch.Tensor:
    """Bias, upsample, gain, leaky ReLU, clamp, downsample (Karras et al. 2021, appendix D).

    Args as in `cuda_ext.filtered_lrelu`, already checked.
    """
    y = _widen(x)
    if b is not None:
        y = y + b.to(y.dtype).reshape(1, -1, 1, 1)
    y = _pad(_insert_zeros(y, up), padding)
    y = _filter(y, fu, 1, gain * up**2, flip_filter)
    y = _filter(_activate(y, slope, clamp), fd, down, 1.0, flip_filter)
    return y.to(x.dtype)


def bias_act(
    x: torch.Tensor, b: torch.Tensor | None, gain: float, slope: float, clamp: float | None
) -> torch.Tensor:
    """Bias, leaky ReLU, gain, clamp on [N, C, ...]."""
    y = _widen(x)
    if b is not None:
        y = y + b.to(y.dtype).reshape(-1, *[1] * (x.ndim - 2))
    y = _activate(y, slope, None) * gain
    if clamp is not None:
        y = y.clamp(-clamp, clamp)
    return y.to(x.dtype)


def modulated_conv2d(
    x: torch.Tensor,
    weight: torch.Tensor,
    styles: torch.Tensor | None,
    y_scale: torch.Tensor | None,
    padding: int,
) -> torch.Tensor:
    """conv(x · styles, weight) · y_scale, computed in the precision of `x`."""
    y = F.conv2d(scale(x, styles), weight.to(x.dtype), padding=padding)
    return scale(y, y_scale)


def styles_of(
    w: torch.Tensor,
    affine: torch.Tensor,
    affine_gain: float,
    affine_bias: torch.Tensor,
    magnitude: torch.Tensor,
    gain: float,
    power: torch.Tensor | None,
    epsilon: float,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Factors of the input [N, C] and demodulation [N, O] for w [N, w_dim]; see `Style`."""
    styles = torch.addmm(affine_bias, w * affine_gain, affine.t())
    gains = magnitude.rsqrt() * gain
    if power is None:
        return styles * gains, None
    styles = styles * styles.square().mean(dim=1, keepdim=True).rsqrt()
    return styles * gains, (styles.square() @ power.t() + epsilon).rsqrt()


def scale(x: torch.Tensor, factors: torch.Tensor | None) -> torch.Tensor:
    """[N, C, H, W] times [N, C], in the dtype of `x`."""
    if factors is None:
        return x
    return (_widen(x) * factors[:, :, None, None].to(_widen(x).dtype)).to(x.dtype)


def scale_and_add(
    x: torch.Tensor, factors: torch.Tensor | None, noise: torch.Tensor | None
) -> torch.Tensor:
    """[N, C, H, W] times [N, C] plus [H, W] or [N, 1, H, W], rounded once to the dtype of `x`."""
    if noise is None:
        return scale(x, factors)
    y = _widen(x)
    if factors is not None:
        y = y * factors[:, :, None, None].to(y.dtype)
    return (y + noise.to(y.dtype)).to(x.dtype)


def _widen(x: torch.Tensor) -> torch.Tensor:
    return x.float() if x.dtype in _HALVES else x


def _activate(y: torch.Tensor, slope: float, clamp: float | None) -> torch.Tensor:
    if slope != 1:
        y = F.leaky_relu(y, slope)
    return y if clamp is None else y.clamp(-clamp, clamp)


def _insert_zeros(x: torch.Tensor, up: int) -> torch.Tensor:
    if up == 1:
        return x
    n, c, h, w = x.shape
    y = F.pad(x.reshape(n, c, h, 1, w, 1), [0, up - 1, 0, 0, 0, up - 1])
    return y.reshape(n, c, h * up, w * up)


def _pad(x: torch.Tensor, padding: Padding) -> torch.Tensor:
    """Pad first, then crop: a crop may be larger than the image where the other side is padded."""
    x0, x1, y0, y1 = padding
    y = F.pad(x, [max(p, 0) for p in padding]) if max(padding) > 0 else x
    height, width = y.shape[2:]
    return y[
        :, :, max(-y0, 0) : height - max(-y1, 0), max(-x0, 0) : width - max(-x1, 0)
    ]  # a view where nothing is cropped


def _filter(
    x: torch.Tensor, f: torch.Tensor | None, down: int, gain: float, flip_filter: bool
) -> torch.Tensor:
    """'Valid' depthwise convolution, then decimation; one-dimensional taps in two passes."""
    if f is None:
        y = x[:, :, ::down, ::down]
        return y if gain == 1 else y * gain
    taps = (f if flip_filter else f.flip(list(range(f.ndim)))).to(x.dtype)
    if taps.ndim == 2:
        return _depthwise(x, taps * gain, (down, down))
    y = _depthwise(x, taps[:, None] * gain, (down, 1))
    return _depthwise(y, taps[None, :], (1, down))


def _depthwise(x: torch.Tensor, taps: torch.Tensor, stride: tuple[int, int]) -> torch.Tensor:
    channels = x.shape[1]
    weight = taps[None, None].expand(channels, 1, *taps.shape)
    return F.conv2d(x, weight, stride=stride, groups=max(channels, 1))
