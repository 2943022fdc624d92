"""What runs where: sentences for people, and one small comparison per device."""

import functools

import torch

from cuda_ext import cuda_graph, cuda_kernels, dispatch, native, reference
from cuda_ext.filtered_lrelu import filtered_lrelu
from cuda_ext.modulated_conv2d import ConvWeight, modulated_conv2d

_TOLERANCE = 1e-4


def kernel_status() -> dict[str, str]:
    """Per device type of this machine, which kernels are active and why."""
    devices = ["cpu"]
    if torch.cuda.is_available():
        devices.append("cuda")
    if torch.backends.mps.is_available():
        devices.append("mps")
    return {device: _sentence(torch.device(device)) for device in devices}


def verify(device: str | torch.device) -> str | None:
    """Compares the active kernels with the reference on a small picture.

    Returns:
        None when they agree, else one sentence. Native kernels that disagree are switched off,
        so a second call compares what is then active.
    """
    device = torch.device(device)
    try:
        error = _largest_difference(device)
    except RuntimeError as problem:
        return f"{device}: the kernels failed ({problem})"
    if error <= _TOLERANCE:
        return None
    reason = f"the native result differs from the reference by {error:.1e}"
    if dispatch.why_not_native(device, torch.float32) is None:
        dispatch.disable(device.type, reason)
    return f"{device}: {reason}"


def _sentence(device: torch.device) -> str:
    reason = dispatch.why_not_native(device, torch.float32)
    if reason is None:
        if device.type == "cuda":
            return f"native: {cuda_kernels.describe()}, {_graphs(device)}"
        return f"native: {native.describe(native.load()[0])}, {_measured_difference(device)}"
    return f"reference (plain torch): {reason}"


@functools.cache
def _graphs(device: torch.device, backend: cuda_graph.GraphBackend | None = None) -> str:
    """Whether a trivial function can be repeated as a graph here, else why not."""
    graphed = cuda_graph.GraphedFunction(torch.neg, backend)
    graphed(torch.ones(1, device=device))
    return graphed.problem or "CUDA graphs"


@functools.cache
def _measured_difference(device: torch.device) -> str:
    return f"within {_largest_difference(device):.0e} of plain torch"


@torch.no_grad()
def _largest_difference(device: torch.device) -> float:
    """Largest difference between `auto` and a reference on the CPU, relative to the result."""
    return max(_filter_difference(device), _convolution_difference(device))


def _convolution_difference(device: torch.device) -> float:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(1, 20, 18, 19, generator=generator)
    styles = torch.rand(1, 20, generator=generator)
    weight = torch.randn(24, 20, 3, 3, generator=generator)
    want = reference.modulated_conv2d(x, weight, styles, None, 1)
    conv = ConvWeight(weight.to(device))
    got = modulated_conv2d(x.to(device), conv, styles.to(device), padding=1)
    return float((got.cpu() - want).abs().max() / want.abs().max())


def _filter_difference(device: torch.device) -> float:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(1, 20, 13, 12, generator=generator)
    taps = torch.hann_window(14, periodic=False)[1:-1]
    taps = taps / taps.sum()
    b = torch.randn(20, generator=generator)
    want = reference.filtered_lrelu(x, taps, taps, b, 2, 2, (9, 8, 9, 8), 2**0.5, 0.2, 256.0, False)
    x, taps, b = x.to(device), taps.to(device), b.to(device)
    got = filtered_lrelu(x, taps, taps, b, 2, 2, (9, 8, 9, 8), clamp=256.0)
    return float((got.cpu() - want).abs().max() / want.abs().max())
