"""Calls of the CUDA kernels: from tensors to addresses, strides and blocks.

The functions have the names and arguments of `cuda_ext.cpu`; any strides of x are taken as they
are, and the result gets the layout of x.
"""

from typing import Protocol

import torch

from cuda_ext import cuda_case
from cuda_ext.cpu import FilterCall, Pattern, gradient_call, prefers_channels_last
from cuda_ext.cuda_case import AnyCase, BiasActCase, Case, Problem
from cuda_ext.cuda_params import FilterArguments, pack_bias_act, pack_params
from cuda_ext.cuda_taps import Taps, taps_on_host
from cuda_ext.dispatch import CUDA_DTYPES, UnsupportedCase

Vectors = tuple[torch.Tensor | None, torch.Tensor | None, torch.Tensor | None]


class Kernel(Protocol):
    """A kernel on a device."""

    def launch(self, blocks: int, threads: int, stream: int, argument: bytes) -> None:
        """Starts it."""


class Kernels(Protocol):
    """Where kernels come from: `cuda_kernels.KernelStore`, or a stand-in of a test."""

    def get(self, case: AnyCase, device: torch.device) -> Kernel:
        """The kernel of a case; KernelError where there is none."""


def run_filter(
    kernels: Kernels,
    x: torch.Tensor,
    fu: torch.Tensor | None,
    fd: torch.Tensor | None,
    call: FilterCall,
    vectors: Vectors = (None, None, None),
    pattern: Pattern | None = None,
) -> torch.Tensor:
    """filtered_lrelu on [N, C, H, W]; `vectors` are bias, x_scale, y_scale."""
    last = prefers_channels_last(x)
    memory_format = torch.channels_last if last else torch.contiguous_format
    size = (*x.shape[:2], *call.out_size)
    y = torch.empty(size, dtype=x.dtype, device=x.device, memory_format=memory_format)
    up_taps, down_taps = taps_on_host(fu, call.reverse), taps_on_host(fd, call.reverse)
    case = find_case(call, (up_taps, down_taps), x, _mode(pattern), last)
    kernel = kernels.get(case, x.device)
    if pattern is not None and pattern.writes:
        # a kernel that cannot be had is noticed now, while plain torch can still take over
        _prepare_gradient(kernels, x, fu, fd, call, pattern)
    if y.numel():
        kept = [_floats(vector) for vector in vectors]  # until the call returns
        arguments = _arguments(case, call, (x, y, pattern), (up_taps, down_taps), kept)
        data, blocks = pack_params(case, arguments)
        kernel.launch(blocks, case.threads, _stream(x.device), data)
    return y


def run_bias_act(
    kernels: Kernels,
    x: torch.Tensor,
    b: torch.Tensor | None,
    gain: float,
    slope: float,
    clamp: float | None,
) -> torch.Tensor:
    """bias_act on [N, C, ...]; the result has the layout of `x`."""
    last = x.ndim == 4 and prefers_channels_last(x)
    source = x.contiguous(memory_format=torch.channels_last) if last else x.contiguous()
    y = torch.empty_like(source)
    pixels = x.shape[2:].numel()
    shape = (x.shape[0] * pixels, x.shape[1], 1) if last else (*x.shape[:2], pixels)
    case = BiasActCase(CUDA_DTYPES[x.dtype], inner_is_one=shape[2] == 1)
    kernel = kernels.get(case, x.device)
    if y.numel():
        bias = _floats(b)
        addresses = (source.data_ptr(), y.data_ptr(), _address(bias))
        limit = -1.0 if clamp is None else clamp
        data, blocks = pack_bias_act(case, addresses, shape, (gain, slope, limit))
        kernel.launch(blocks, case.threads, _stream(x.device), data)
    return y


def find_case(
    call: FilterCall, taps: tuple[Taps, Taps], x: torch.Tensor, mode: int, channels_last: bool
) -> Case:
    """The case that serves a call.

    Raises:
        UnsupportedCase: there is none.
    """
    up_taps, down_taps = taps
    factor = max(call.up, call.down)
    if factor > cuda_case.MAX_FACTOR:
        raise UnsupportedCase(f"the CUDA kernels resample by up to 4, got a factor of {factor}")
    reads = mode == cuda_case.READ_PATTERN
    problem = Problem(
        up=call.up,
        down=call.down,
        up_y=up_taps.size[0],
        up_x=up_taps.size[1],
        up_2d=not up_taps.separable,
        down_y=down_taps.size[0],
        down_x=down_taps.size[1],
        down_2d=not down_taps.separable,
        fold=down_taps.mirrored,
        phase_y=(-call.padding[2] - 1) % call.up,
        phase_x=(-call.padding[0] - 1) % call.up,
        dtype=CUDA_DTYPES[x.dtype],
        mode=mode,
        slope_kind=cuda_case.LINEAR if reads else _slope_kind(call.slope),
        has_clamp=call.clamp is not None and not reads,
        channels_last=channels_last,
    )
    case = cuda_case.choose_case(problem, x.shape[1])
    if case is None:
        sizes = f"{up_taps.size} and {down_taps.size}"
        raise UnsupportedCase(f"filters of {sizes} taps are too large for the CUDA kernels")
    return case


def _prepare_gradient(
    kernels: Kernels,
    x: torch.Tensor,
    fu: torch.Tensor | None,
    fd: torch.Tensor | None,
    call: FilterCall,
    pattern: Pattern,
) -> None:
    back, _ = gradient_call(call, fu, fd, x, (x.shape[2], x.shape[3]), pattern.values)
    taps = taps_on_host(fd, back.reverse), taps_on_host(fu, back.reverse)
    case = find_case(back, taps, x, cuda_case.READ_PATTERN, prefers_channels_last(x))
    kernels.get(case, x.device)


def _arguments(
    case: Case,
    call: FilterCall,
    tensors: tuple[torch.Tensor, torch.Tensor, Pattern | None],
    taps: tuple[Taps, Taps],
    vectors: list[torch.Tensor | None],
) -> FilterArguments:
    x, y, pattern = tensors
    problem = case.problem
    x0, _, y0, _ = call.padding
    values = None if pattern is None else pattern.values
    top, left = (0, 0) if pattern is None else (pattern.top, pattern.left)
    return FilterArguments(
        x=x.data_ptr(),
        y=y.data_ptr(),
        b=_address(vectors[0]),
        x_scale=_address(vectors[1]),
        y_scale=_address(vectors[2]),
        pattern=_address(values),
        x_strides=_strides(x),
        y_strides=_strides(y),
        images=x.shape[0],
        channels=x.shape[1],
        in_size=(x.shape[2], x.shape[3]),
        out_size=call.out_size,
        first_row=(-y0 - 1) // call.up + 1,
        first_col=(-x0 - 1) // call.up + 1,
        pattern_size=(0, 0) if values is None else (values.shape[1], values.shape[2]),
        pattern_row=top - problem.phase_y,
        pattern_col=left - problem.phase_x,
        slope=call.slope,
        clamp=0.0 if call.clamp is None else call.clamp,
        up_taps=taps[0].up_values(call.up, call.gain),
        down_taps=taps[1].down_values(),
    )


def _mode(pattern: Pattern | None) -> int:
    if pattern is None:
        return cuda_case.FORWARD_ONLY
    return cuda_case.WRITE_PATTERN if pattern.writes else cuda_case.READ_PATTERN


def _slope_kind(slope: float) -> int:
    if slope == 1:
        return cuda_case.LINEAR
    return cuda_case.AT_MOST_ONE if slope < 1 else cuda_case.ANY_SLOPE


def _strides(x: torch.Tensor) -> tuple[int, int, int, int]:
    n, c, h, w = x.stride()
    return n, c, h, w


def _floats(values: torch.Tensor | None) -> torch.Tensor | None:
    return None if values is None else values.detach().float().contiguous()


def _address(values: torch.Tensor | None) -> int:
    return 0 if values is None else values.data_ptr()


def _stream(device: torch.device) -> int:
    if device.type != "cuda":
        return 0  # a stand-in of a test
    stream: int = torch.cuda.current_stream(device).cuda_stream
    return stream
