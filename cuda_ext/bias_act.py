"""bias_act: bias, leaky ReLU, gain and clamp in one pass."""

import torch

from cuda_ext import checks, dispatch, reference
from cuda_ext.backend import backend_of


def bias_act(
    x: torch.Tensor,
    b: torch.Tensor | None = None,
    gain: float = 2**0.5,
    slope: float = 0.2,
    clamp: float | None = None,
    impl: str = "auto",
) -> torch.Tensor:
    """Adds the bias, applies leaky ReLU, multiplies by the gain, clamps.

    Args:
        x: [N, C, ...].
        b: [C] or None.
        gain: factor after the activation.
        slope: of the negative side; 1 is linear.
        clamp: limit of the absolute value of the result, or None.
        impl: "auto", "native" or "reference".

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
    needs_grad = torch.is_grad_enabled() and (
        x.requires_grad or (b is not None and b.requires_grad)
    )
    if module is not None and not needs_grad:
        try:
            y: torch.Tensor = backend_of(x).run_bias_act(module, x, b, gain, slope, clamp)
            return y
        except dispatch.KernelError as error:
            dispatch.give_way(impl, x.device, error)
    return reference.bias_act(x, b, gain, slope, clamp)
