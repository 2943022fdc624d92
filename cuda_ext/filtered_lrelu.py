"""filtered_lrelu: upsample, leaky ReLU, downsample without aliasing."""

from types import ModuleType
from typing import Any

import torch

from cuda_ext import checks, cpu, dispatch, reference
from cuda_ext.backend import backend_of

Vectors = tuple[torch.Tensor | None, torch.Tensor | None, torch.Tensor | None]
"""Bias, x_scale, y_scale."""


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
    x_scale: torch.Tensor | None = None,
    y_scale: torch.Tensor | None = None,
) -> torch.Tensor:
    """Bias, zero insertion, padding, filter `fu`, gain, leaky ReLU, clamp, filter `fd`, decimation.

    Karras et al., "Alias-Free Generative Adversarial Networks", NeurIPS 2021, section 3.

    Args:
        x: [N, C, H, W], contiguous or channels-last. An infinity spoils all that it reaches: native
            kernels take differences of inputs, so it may become NaN where plain torch clamps it.
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
        x_scale: [N, C], multiplies x before the bias is added (a demodulation, for example).
        y_scale: [N, C], multiplies the result (the next layer's styles, for example).

    Returns:
        [N, C, (H·up + y0 + y1 − taps_u − taps_d + 2 + down − 1) // down, likewise], dtype of `x`.

    Raises:
        TypeError, ValueError: an argument is wrong; the message names it.
        RuntimeError: `impl` is "native" and no native kernel serves `x`.
    """
    x = checks.check_image(x)
    fu, fd = checks.check_filter(fu, x, "fu"), checks.check_filter(fd, x, "fd")
    vectors = _check_vectors(x, b, x_scale, y_scale)
    call = _check_call(x, (fu, fd), (up, down, padding), (gain, slope, clamp), flip_filter)
    module = dispatch.choose(checks.check_impl(impl), x, on_cuda=True)
    if module is not None:
        try:
            return _run_native(module, x, fu, fd, vectors, call)
        except dispatch.KernelError as error:
            dispatch.give_way(impl, x.device, error)
    return _run_reference(x, fu, fd, vectors, call)


def _check_vectors(x: torch.Tensor, b: Any, x_scale: Any, y_scale: Any) -> Vectors:
    return (
        checks.check_bias(b, x),
        checks.check_scale(x_scale, x, "x_scale"),
        checks.check_scale(y_scale, x, "y_scale"),
    )


def _check_call(
    x: torch.Tensor,
    filters: tuple[torch.Tensor | None, torch.Tensor | None],
    geometry: tuple[Any, Any, Any],
    activation: tuple[Any, Any, Any],
    flip_filter: Any,
) -> cpu.FilterCall:
    up = checks.check_factor(geometry[0], "up")
    down = checks.check_factor(geometry[1], "down")
    gain = checks.check_number(activation[0], "gain")
    slope = checks.check_number(activation[1], "slope")
    clamp = checks.check_clamp(activation[2])
    reverse = not checks.check_bool(flip_filter, "flip_filter")
    pads = checks.parse_padding(geometry[2])
    size = checks.check_output_size(x, up, pads, filters, down)
    return cpu.FilterCall(up, down, pads, gain * up**2, slope, clamp, reverse, size)


def _run_reference(
    x: torch.Tensor,
    fu: torch.Tensor | None,
    fd: torch.Tensor | None,
    vectors: Vectors,
    call: cpu.FilterCall,
) -> torch.Tensor:
    b, x_scale, y_scale = vectors
    gain = call.gain / call.up**2
    x = reference.scale(x, x_scale)
    y = reference.filtered_lrelu(
        x,
        fu,
        fd,
        b,
        call.up,
        call.down,
        call.padding,
        gain,
        call.slope,
        call.clamp,
        not call.reverse,
    )
    return reference.scale(y, y_scale)


def _run_native(
    module: ModuleType,
    x: torch.Tensor,
    fu: torch.Tensor | None,
    fd: torch.Tensor | None,
    vectors: Vectors,
    call: cpu.FilterCall,
) -> torch.Tensor:
    b, x_scale, y_scale = vectors
    if _needs_gradient(x, *vectors):
        scaled = reference.scale(x, x_scale)
        y = _FilteredLReLU.apply(scaled, b, fu, fd, module, call)  # type: ignore[no-untyped-call]
        return reference.scale(y, y_scale)
    resampled = (
        fu is not None or fd is not None or any(call.padding) or (call.up, call.down) != (1, 1)
    )
    if not resampled and x_scale is None and y_scale is None and call.gain >= 0:
        y = backend_of(x).run_bias_act(module, x, b, call.gain, call.slope, call.clamp)
    else:
        y = backend_of(x).run_filter(module, x, fu, fd, call, vectors)
    result: torch.Tensor = y
    return result


def _needs_gradient(*tensors: torch.Tensor | None) -> bool:
    return torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in tensors)


class _FilteredLReLU(torch.autograd.Function):
    """Gradients for x and b: the same operation with the filters' roles exchanged.

    The forward pass keeps one byte per upsampled sample, its sign and whether it was clamped.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        b: torch.Tensor | None,
        fu: torch.Tensor | None,
        fd: torch.Tensor | None,
        module: ModuleType,
        call: cpu.FilterCall,
    ) -> torch.Tensor:
        pattern = cpu.new_pattern(x, fu, call.up, call.padding)
        ctx.save_for_backward(fu, fd, pattern.values)
        ctx.module, ctx.call, ctx.size = module, call, tuple(x.shape[2:])
        ctx.bias_dtype = None if b is None else b.dtype
        run_filter = backend_of(x).run_filter
        y: torch.Tensor = run_filter(module, x, fu, fd, call, (b, None, None), pattern)
        return y

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        fu, fd, values = ctx.saved_tensors
        call, pattern = cpu.gradient_call(ctx.call, fu, fd, grad, ctx.size, values)
        dx = backend_of(grad).run_filter(ctx.module, grad, fd, fu, call, pattern=pattern)
        db = None
        if ctx.bias_dtype is not None and ctx.needs_input_grad[1]:
            db = dx.sum([0, 2, 3], dtype=torch.float32).to(ctx.bias_dtype)
        return dx, db, None, None, None, None
