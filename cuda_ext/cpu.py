"""Calls into the native module: layouts, addresses and sizes of CPU tensors.

Kernels work on channels-last memory; other layouts are converted, and the result gets the layout
of the input.
"""

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch

from cuda_ext.checks import Padding, taps_of
from cuda_ext.dispatch import NATIVE_DTYPES

_CHANNELS_LAST = torch.channels_last
LINE = 16  # floats
_NO_TUNING = (0, 0, 1)  # strip width and rows chosen by the kernel, folded kernels allowed


@dataclass(frozen=True)
class FilterCall:
    """One `filtered_lrelu` of the native module, without its tensors of values."""

    up: int
    down: int
    padding: Padding
    gain: float  # at the upsampled signal, up² included
    slope: float
    clamp: float | None
    reverse: bool  # convolution; False: correlation
    out_size: tuple[int, int]  # height, width


@dataclass(frozen=True)
class Pattern:
    """Signs and clamping of an upsampled signal, one byte each: bit 0 negative, bit 1 clamped."""

    values: torch.Tensor  # uint8 [N, height, width, C]
    writes: bool
    top: int = 0  # row of the pattern at sample 0
    left: int = 0


def prefers_channels_last(x: torch.Tensor) -> bool:
    """Whether a result for [N, C, H, W] should be channels-last as its input is."""
    if x.is_contiguous():
        return False
    return x.is_contiguous(memory_format=_CHANNELS_LAST) or (x.stride(1) == 1 and x.shape[1] > 1)


def run_filter(
    module: ModuleType,
    x: torch.Tensor,
    fu: torch.Tensor | None,
    fd: torch.Tensor | None,
    call: FilterCall,
    vectors: tuple[torch.Tensor | None, torch.Tensor | None, torch.Tensor | None] = (None,) * 3,
    pattern: Pattern | None = None,
    tuning: tuple[int, int, int] = _NO_TUNING,
) -> torch.Tensor:
    """filtered_lrelu on float32 or bfloat16 [N, C, H, W]; `vectors` are bias, x_scale, y_scale."""
    keep_layout = prefers_channels_last(x)
    source = x if x.stride(1) == 1 else x.contiguous(memory_format=_CHANNELS_LAST)
    n, c, h, w = x.shape
    y = new_picture((n, c, *call.out_size), x.dtype, pad=x.stride(1) == 1 and x.stride(3) > c)
    addresses = [floats(v) for v in vectors]  # kept alive until the call returns
    filters = [floats(fu), floats(fd)]
    if y.numel():
        module.filtered_lrelu(
            source.data_ptr(),
            y.data_ptr(),
            (*(0 if v is None else v.data_ptr() for v in addresses), _address(pattern)),
            (n, c, h, w, *call.out_size),
            (source.stride(0), source.stride(2), source.stride(3)),
            (y.stride(0), y.stride(2), y.stride(3)),
            filter_numbers(filters[0]),
            filter_numbers(filters[1]),
            call.reverse,
            (call.up, call.down, call.padding[0], call.padding[2]),
            (call.gain, call.slope, -1.0 if call.clamp is None else call.clamp),
            _pattern_numbers(pattern),
            NATIVE_DTYPES[x.dtype],
            torch.get_num_threads(),
            tuning,
        )
    return y if keep_layout else y.contiguous()


def run_bias_act(
    module: ModuleType,
    x: torch.Tensor,
    b: torch.Tensor | None,
    gain: float,
    slope: float,
    clamp: float | None,
    x_scale: torch.Tensor | None = None,
    noise: torch.Tensor | None = None,
) -> torch.Tensor:
    """bias_act on float32 or bfloat16 [N, C, ...]; the result has the layout of `x`.

    `x_scale` and `noise` are for channels-last pictures only.
    """
    last = x.ndim == 4 and prefers_channels_last(x)
    source = x.contiguous(memory_format=_CHANNELS_LAST) if last else x.contiguous()
    y = torch.empty_like(source)
    pixels = x.shape[2:].numel()
    shape = (x.shape[0] * pixels, x.shape[1], 1) if last else (x.shape[0], x.shape[1], pixels)
    vectors = [floats(v) for v in (b, x_scale, noise)]  # kept alive until the call returns
    if y.numel():
        module.bias_act(
            source.data_ptr(),
            y.data_ptr(),
            tuple(0 if v is None else v.data_ptr() for v in vectors),
            (*shape, pixels, 1 if noise is None else noise.numel()),
            gain,
            slope,
            -1.0 if clamp is None else clamp,
            NATIVE_DTYPES[x.dtype],
            torch.get_num_threads(),
        )
    return y


def packed_weight(
    module: Any, weight: torch.Tensor, known: tuple[int, torch.Tensor] | None
) -> tuple[int, torch.Tensor]:
    """The panel width of the active instruction set and [O, C, k, k] packed for it."""
    width = module.panel_width()
    if known is not None and known[0] == width:
        return known
    o, c, kernel, _ = weight.shape
    packed = torch.empty(module.packed_floats(o, c, kernel))
    module.pack_weights(
        weight.data_ptr(), packed.data_ptr(), (o, c, kernel), torch.get_num_threads()
    )
    return width, packed


def run_conv(
    module: Any,
    x: torch.Tensor,
    packed: torch.Tensor,
    scales: tuple[torch.Tensor | None, torch.Tensor | None],
    shape: tuple[int, int],
    padding: int,
) -> torch.Tensor:
    """modulated_conv2d on float32 or bfloat16; `scales` are styles and y_scale, `shape` is O, k."""
    source = even_pixels(x)
    n, c, h, w = x.shape
    out, kernel = shape
    size = (h + 2 * padding - kernel + 1, w + 2 * padding - kernel + 1)
    y = new_picture((n, out, *size), x.dtype, pad=out > LINE)
    vectors = [floats(v) for v in scales]  # kept alive until the call returns
    if y.numel():
        module.conv(
            source.data_ptr(),
            y.data_ptr(),
            packed.data_ptr(),
            tuple(0 if v is None else v.data_ptr() for v in vectors),
            (n, c, h, w, out, *size),
            (source.stride(0), source.stride(2), source.stride(3)),
            (y.stride(0), y.stride(2), y.stride(3)),
            kernel,
            padding,
            NATIVE_DTYPES[x.dtype],
            torch.get_num_threads(),
        )
    return y


def new_pattern(x: torch.Tensor, fu: torch.Tensor | None, up: int, padding: Padding) -> Pattern:
    """Room for the pattern of the signal that `x` is upsampled to."""
    taps_y, taps_x = taps_of(fu)
    height = x.shape[2] * up + padding[2] + padding[3] - taps_y + 1
    width = x.shape[3] * up + padding[0] + padding[1] - taps_x + 1
    size = (x.shape[0], height, width, x.shape[1])
    values = torch.empty(size, dtype=torch.uint8, device=x.device)
    return Pattern(values, writes=True)


def gradient_call(
    call: FilterCall,
    fu: torch.Tensor | None,
    fd: torch.Tensor | None,
    grad: torch.Tensor,
    in_size: tuple[int, int],
    pattern: torch.Tensor,
) -> tuple[FilterCall, Pattern]:
    """The call that turns the gradient of a result into the gradient of its input.

    The filters exchange their roles and are reversed; sample t of its upsampled signal is sample
    t + (padding − taps_u + 1) of the forward one.
    """
    (up_y, up_x), (down_y, down_x) = taps_of(fu), taps_of(fd)
    x0, y0 = call.padding[0], call.padding[2]
    pads = (up_x + down_x - 2 - x0, 0, up_y + down_y - 2 - y0, 0)
    back = FilterCall(
        up=call.down,
        down=call.up,
        padding=pads,
        gain=call.gain,
        slope=call.slope,
        clamp=None,
        reverse=not call.reverse,
        out_size=in_size,
    )
    return back, Pattern(pattern, writes=False, top=y0 - up_y + 1, left=x0 - up_x + 1)


def new_picture(shape: tuple[int, int, int, int], dtype: torch.dtype, pad: bool) -> torch.Tensor:
    """Channels-last room for a result; padded: every pixel begins a cache line, unless that
    takes an eighth more memory."""
    n, c, h, w = shape
    padded = (c + LINE - 1) // LINE * LINE
    if not pad or padded == c or padded > 1.125 * c:
        return torch.empty(shape, dtype=dtype, memory_format=_CHANNELS_LAST)
    pixels = torch.empty((n, h, w, padded), dtype=dtype)
    return pixels[..., :c].permute(0, 3, 1, 2)


def even_pixels(x: torch.Tensor) -> torch.Tensor:
    """Channels-last, every pixel as far from the last one as any other of the image."""
    if (x.stride(1) == 1 or x.shape[1] == 1) and x.stride(2) == x.shape[3] * x.stride(3):
        return x
    # `contiguous` would leave a picture one pixel wide as it is, whatever its strides are
    return torch.empty_like(x, memory_format=_CHANNELS_LAST).copy_(x)


def rows(w: torch.Tensor) -> torch.Tensor:
    """float32 [N, w_dim] with the numbers of a row side by side."""
    if w.dtype == torch.float32 and (w.stride(1) == 1 or w.shape[1] == 1):
        return w
    return w.float().contiguous()


def floats(values: torch.Tensor | None) -> torch.Tensor | None:
    """The same numbers where a kernel can read them."""
    if values is None or (values.dtype == torch.float32 and values.is_contiguous()):
        return values
    return values.detach().float().contiguous()


def filter_numbers(f: torch.Tensor | None) -> tuple[int, int, int, bool]:
    if f is None:
        return 0, 1, 1, True
    return f.data_ptr(), *taps_of(f), f.ndim == 1


def _address(pattern: Pattern | None) -> int:
    return 0 if pattern is None else pattern.values.data_ptr()


def _pattern_numbers(pattern: Pattern | None) -> tuple[Any, ...]:
    if pattern is None:
        return 0, 0, 0, 0, 0
    height, width = pattern.values.shape[1:3]
    return 1 if pattern.writes else 2, height, width, pattern.top, pattern.left
