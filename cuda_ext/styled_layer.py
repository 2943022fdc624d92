"""styled_layer: a StyleGAN3 layer from its style to its result, in one native call on the CPU.

Small models would spend a third of a picture between many small operations.
"""

from typing import NamedTuple

import torch

from cuda_ext import checks, cpu, cpu_layer, dispatch, reference
from cuda_ext.filtered_lrelu import filtered_lrelu
from cuda_ext.modulated_conv2d import ConvWeight, modulated_conv2d, native_serves


class Style(NamedTuple):
    """How a layer gets its styles from w.

    styles = w · affineᵀ · affine_gain + affine_bias, brought to unit magnitude where the layer
    demodulates. Demodulation is 1 / sqrt(styles² · powerᵀ + epsilon). The convolution's input is
    multiplied by styles · gain / sqrt(magnitude).
    """

    affine: torch.Tensor  # [C, w_dim]
    affine_gain: float
    affine_bias: torch.Tensor  # [C]
    magnitude: torch.Tensor  # []: mean square of the input
    gain: float
    power: torch.Tensor | None  # [O, C], sums of squares over the kernel; None: none
    epsilon: float


class Filter(NamedTuple):
    """The arguments of `filtered_lrelu` after the convolution."""

    fu: torch.Tensor | None
    fd: torch.Tensor | None
    b: torch.Tensor
    up: int
    down: int
    padding: checks.Padding
    gain: float
    slope: float
    clamp: float | None


_MOST_CALLS = 16
"""Kinds of input that a layer is prepared for at a time."""


class StyledLayer:
    """`styled_layer` with constant values, which are checked once for every kind of input.

    The values may change in place; what follows from the weight may not.
    """

    def __init__(self, weight: ConvWeight, style: Style, after: Filter, padding: int = 0) -> None:
        """The arguments are those of `styled_layer`."""
        self._values = (weight, style, after, padding)
        self._calls: dict[object, cpu_layer.LayerCall | None] = {}

    def __call__(self, x: torch.Tensor, w: torch.Tensor, impl: str = "auto") -> torch.Tensor:
        """As `styled_layer`."""
        call = self._native_call(x, w, impl)
        if call is None:
            return _one_after_the_other(x, w, *self._values, impl)
        return call(cpu.even_pixels(x), cpu.rows(w))

    def _native_call(
        self, x: torch.Tensor, w: torch.Tensor, impl: str
    ) -> cpu_layer.LayerCall | None:
        """None where one native call does not serve the layer."""
        weight, style, after, padding = self._values
        module = dispatch.choose(checks.check_impl(impl), checks.check_image(x))
        width = 0 if module is None else module.panel_width()
        kind = (x.shape, x.stride(), x.dtype, x.device, w.shape, w.device, width)
        if kind in self._calls:
            return self._calls[kind]
        _check_style(x, w, weight, style)
        _check_filter(x, int(weight.weight.shape[0]), after)
        size = None if module is None else _size_for_one_call(x, weight, style, after, padding)
        call = None
        if size is not None:
            like = cpu.even_pixels(x)
            call = cpu_layer.LayerCall(module, like, weight, style, after, padding, size)
        if len(self._calls) >= _MOST_CALLS:
            self._calls.clear()
        self._calls[kind] = call
        return call


def styled_layer(
    x: torch.Tensor,
    w: torch.Tensor,
    weight: ConvWeight,
    style: Style,
    after: Filter,
    padding: int = 0,
    impl: str = "auto",
) -> torch.Tensor:
    """filtered_lrelu(modulated_conv2d(x, weight, styles, padding) · demodulation); no gradient.

    Args:
        x: [N, C, H, W].
        w: [N, w_dim] float32.
        weight: [O, C, k, k].
        style: how styles come from w.
        after: the arguments of `filtered_lrelu`.
        padding: zeros around the picture in the convolution.
        impl: "auto", "native" or "reference".

    Returns:
        [N, O, H', W'] of the dtype of `x`.

    Raises:
        TypeError, ValueError: an argument is wrong; the message names it.
        RuntimeError: `impl` is "native" and no native kernel serves `x`.
    """
    return StyledLayer(weight, style, after, padding)(x, w, impl)


def _one_after_the_other(
    x: torch.Tensor,
    w: torch.Tensor,
    weight: ConvWeight,
    style: Style,
    after: Filter,
    padding: int,
    impl: str,
) -> torch.Tensor:
    styles, demodulation = reference.styles_of(w, *style)
    y = modulated_conv2d(x, weight, styles, padding=padding, impl=impl)
    return filtered_lrelu(
        y,
        after.fu,
        after.fd,
        after.b,
        after.up,
        after.down,
        after.padding,
        after.gain,
        after.slope,
        after.clamp,
        impl=impl,
        x_scale=demodulation,
    )


def _check_style(x: torch.Tensor, w: torch.Tensor, weight: ConvWeight, style: Style) -> None:
    out_channels, channels = weight.weight.shape[:2]
    if x.shape[1] != channels:
        raise ValueError(f"x must have {channels} channels, got {x.shape[1]}")
    depth = w.shape[-1] if w.ndim else 0
    checks.check_values(w, (x.shape[0], depth), x, "w")
    checks.check_values(style.affine, (channels, depth), x, "affine")
    checks.check_values(style.affine_bias, (channels,), x, "affine_bias")
    checks.check_values(style.magnitude, (), x, "magnitude")
    if style.power is not None:
        checks.check_values(style.power, (out_channels, channels), x, "power")


def _check_filter(x: torch.Tensor, out_channels: int, after: Filter) -> None:
    """As `filtered_lrelu` does, which one native call goes round."""
    checks.check_filter(after.fu, x, "fu")
    checks.check_filter(after.fd, x, "fd")
    checks.check_values(after.b, (out_channels,), x, "b")
    checks.check_factor(after.up, "up")
    checks.check_factor(after.down, "down")
    checks.check_number(after.gain, "gain")
    checks.check_number(after.slope, "slope")
    checks.check_clamp(after.clamp)


def _size_for_one_call(
    x: torch.Tensor, weight: ConvWeight, style: Style, after: Filter, padding: int
) -> tuple[int, int] | None:
    """The size of the result where one native call serves the layer."""
    lost = weight.kernel - 1 - 2 * padding
    height, width = x.shape[2] - lost, x.shape[3] - lost
    if min(height, width, x.shape[0]) < 1 or not native_serves(x, weight, padding, (height, width)):
        return None
    filters = (after.fu, after.fd)
    if after.fu is not None or after.fd is not None:
        return checks.output_size((height, width), after.up, after.padding, filters, after.down)
    plain = not any(after.padding) and (after.up, after.down) == (1, 1) and after.gain >= 0
    small = style.power is None and weight.weight.shape[0] <= cpu.LINE
    return (height, width) if plain and small else None
