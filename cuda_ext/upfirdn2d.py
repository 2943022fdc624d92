"""upfirdn2d: upsample, filter, downsample (StyleGAN2's resampling)."""

from typing import Any

import torch

from cuda_ext import checks, cpu, dispatch, reference
from cuda_ext.backend import backend_of


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
    size = checks.check_output_size(x, up, pads, (f,), down)
    module = dispatch.choose(checks.check_impl(impl), x, on_cuda=True)
    call = (up, down, pads, gain, flip_filter, size)
    if module is not None:
        try:
            return _run_native(module, x, f, call)
        except dispatch.KernelError as error:
            dispatch.give_way(impl, x.device, error)
    return reference.upfirdn2d(x, f, up, down, pads, gain, flip_filter)


def _run_native(module: Any, x: torch.Tensor, f: torch.Tensor | None, call: Any) -> torch.Tensor:
    if torch.is_grad_enabled() and x.requires_grad:
        y: torch.Tensor = _Upfirdn2d.apply(x, f, module, call)  # type: ignore[no-untyped-call]
        return y
    return _run(module, x, f, *call)


def _run(
    module: Any,
    x: torch.Tensor,
    f: torch.Tensor | None,
    up: int,
    down: int,
    pads: checks.Padding,
    gain: float,
    flip_filter: bool,
    size: tuple[int, int],
) -> torch.Tensor:
    """filtered_lrelu with a linear activation and one of its two filters."""
    call = cpu.FilterCall(up, down, pads, gain, 1.0, None, not flip_filter, size)
    # as the second filter where it may be: it is then evaluated for the kept samples only
    fu, fd = (None, f) if up == 1 else (f, None)
    y: torch.Tensor = backend_of(x).run_filter(module, x, fu, fd, call)
    return y


class _Upfirdn2d(torch.autograd.Function):
    """The gradient is upfirdn2d with the factors exchanged and the filter reversed."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, f: torch.Tensor | None, module: Any, call: Any
    ) -> torch.Tensor:
        ctx.save_for_backward(f)
        ctx.call, ctx.in_size = call, tuple(x.shape[2:])
        return _run(module, x, f, *call)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (f,) = ctx.saved_tensors
        up, down, (x0, _, y0, _), gain, flip_filter, (height, width) = ctx.call
        taps_y, taps_x = checks.taps_of(f)
        in_height, in_width = ctx.in_size
        # far sides such that the result has the size of the input
        pad_x, pad_y = taps_x - 1 - x0, taps_y - 1 - y0
        pads = (
            pad_x,
            (in_width - 1) * up + taps_x - width * down - pad_x,
            pad_y,
            (in_height - 1) * up + taps_y - height * down - pad_y,
        )
        dx = upfirdn2d(grad, f, down, up, pads, gain, not flip_filter)
        return dx, None, None, None
