"""bias_act: bias, leaky ReLU, gain and clamp in one pass."""

import torch

from cuda_ext import checks, cpu, dispatch, reference
from cuda_ext.backend import backend_of


def bias_act(
    x: torch.Tensor,
    b: torch.Tensor | None = None,
    gain: float = 2**0.5,
    slope: float = 0.2,
    clamp: float | None = None,
    impl: str = "auto",
    x_scale: torch.Tensor | None = None,
    noise: torch.Tensor | None = None,
) -> torch.Tensor:
    """Adds the bias, applies leaky ReLU, multiplies by the gain, clamps.

    Args:
        x: [N, C, ...].
        b: [C] or None.
        gain: factor after the activation.
        slope: of the negative side; 1 is linear.
        clamp: limit of the absolute value of the result, or None.
        impl: "auto", "native" or "reference".
        x_scale: [N, C], multiplies x first (a demodulation, for example); x is then [N, C, H, W].
        noise: [H, W] or [N, 1, H, W], added before the bias; x is then [N, C, H, W].

    Returns:
        A tensor of the shape and dtype of `x`.

    Raises:
        TypeError, ValueError: an argument is wrong; the message names it.
        RuntimeError: `impl` is "native" and no native kernel serves `x`.
    """
    x = checks.check_channels(x)
    b = checks.check_bias(b, x)
    gain, slope = checks.check_number(gain, "gain"), checks.check_number(slope, "slope")
    clamp = checks.check_clamp(clamp)
    module = dispatch.choose(checks.check_impl(impl), x, on_cuda=True)
    x_scale, noise = checks.check_scale(x_scale, x, "x_scale"), checks.check_noise(noise, x)
    if module is not None and not _needs_gradient(x, b, x_scale, noise):
        fused = () if x_scale is None and noise is None else (x_scale, noise)
        if fused and (x.is_cuda or not cpu.prefers_channels_last(x)):
            x, fused = reference.scale_and_add(x, x_scale, noise), ()
        try:
            run = backend_of(x).run_bias_act
            y: torch.Tensor = run(module, x, b, gain, slope, clamp, *fused)
            return y
        except dispatch.KernelError as error:
            dispatch.give_way(impl, x.device, error)
            x_scale, noise = (None, None) if not fused else (x_scale, noise)
    x = reference.scale_and_add(x, x_scale, noise)
    return reference.bias_act(x, b, gain, slope, clamp)


def _needs_gradient(*tensors: torch.Tensor | None) -> bool:
    return torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in tensors)
