"""Argument checks of the operators; every error names the argument and the value got."""

import math
from collections.abc import Sequence
from typing import Any

import torch

Padding = tuple[int, int, int, int]

IMPLS = ("auto", "native", "reference")


def check_image(x: Any, name: str = "x") -> torch.Tensor:
    """A floating-point tensor [N, C, H, W] or an error."""
    image = _check_floating(x, name)
    if image.ndim != 4:
        raise ValueError(f"{name} must have the shape [N, C, H, W], got {list(image.shape)}")
    return image


def check_channels(x: Any, name: str = "x") -> torch.Tensor:
    """A floating-point tensor [N, C, ...] of at least two dimensions or an error."""
    tensor = _check_floating(x, name)
    if tensor.ndim < 2:
        raise ValueError(f"{name} must have the shape [N, C, ...], got {list(tensor.shape)}")
    return tensor


def check_bias(b: Any, x: torch.Tensor) -> torch.Tensor | None:
    """None or one number per channel of `x`, on its device."""
    if b is None:
        return None
    bias = _check_floating(b, "b")
    if bias.ndim != 1 or bias.shape[0] != x.shape[1]:
        raise ValueError(f"b must have the shape [{x.shape[1]}], got {list(bias.shape)}")
    _check_device(bias, x, "b")
    return bias


def check_scale(scale: Any, x: torch.Tensor, name: str) -> torch.Tensor | None:
    """None or one factor per image and channel of `x`, on its device."""
    if scale is None:
        return None
    factors = _check_floating(scale, name)
    if factors.shape != x.shape[:2]:
        wanted = list(x.shape[:2])
        raise ValueError(f"{name} must have the shape {wanted}, got {list(factors.shape)}")
    _check_device(factors, x, name)
    return factors


def check_values(values: Any, shape: tuple[int, ...], x: torch.Tensor, name: str) -> torch.Tensor:
    """Floating-point numbers of this shape, on the device of `x`."""
    found = _check_floating(values, name)
    if found.shape != shape:
        raise ValueError(f"{name} must have the shape {list(shape)}, got {list(found.shape)}")
    _check_device(found, x, name)
    return found


def check_noise(noise: Any, x: torch.Tensor) -> torch.Tensor | None:
    """None or one number per pixel of `x`, on its device: [H, W] or [N, 1, H, W]."""
    if noise is None:
        return None
    values = _check_floating(noise, "noise")
    if x.ndim != 4 or values.shape not in (x.shape[2:], x[:, :1].shape):
        wanted = f"{list(x.shape[2:])} or {[x.shape[0], 1, *x.shape[2:]]}"
        raise ValueError(f"noise must have the shape {wanted}, got {list(values.shape)}")
    _check_device(values, x, "noise")
    return values


def check_filter(f: Any, x: torch.Tensor, name: str) -> torch.Tensor | None:
    """None, separable taps [taps] or a two-dimensional filter [taps_y, taps_x]."""
    if f is None:
        return None
    taps = _check_floating(f, name)
    if taps.ndim not in (1, 2) or taps.numel() == 0:
        raise ValueError(f"{name} must be [taps] or [taps, taps], got {list(taps.shape)}")
    if taps.requires_grad:
        raise ValueError(f"{name} must be constant, got a tensor that requires a gradient")
    _check_device(taps, x, name)
    return taps


def check_factor(value: Any, name: str) -> int:
    """A resampling factor: an integer of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int, got {_describe(value)}")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")
    return value


def check_number(value: Any, name: str) -> float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number, got {_describe(value)}")
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value}")
    return float(value)


def check_clamp(value: Any) -> float | None:
    """None or a number of at least 0."""
    if value is None:
        return None
    number = check_number(value, "clamp")
    if number < 0:
        raise ValueError(f"clamp must be None or at least 0, got {value}")
    return number


def check_bool(value: Any, name: str) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be a bool, got {_describe(value)}")
    return value


def check_impl(value: Any) -> str:
    """One of `IMPLS`."""
    if not isinstance(value, str):
        raise TypeError(f"impl must be a str, got {_describe(value)}")
    if value not in IMPLS:
        raise ValueError(f"impl must be one of {', '.join(IMPLS)}, got {value!r}")
    return value


def parse_padding(padding: Any) -> Padding:
    """`p`, `(px, py)` or `(x0, x1, y0, y1)` as the last of these; negative numbers crop."""
    items = list(padding) if isinstance(padding, Sequence) else [padding]
    for item in items:
        if isinstance(item, (bool, str)) or not isinstance(item, int):
            raise TypeError(f"padding must be an int or a sequence of ints, got {padding!r}")
    if len(items) == 1:
        items = items * 4
    elif len(items) == 2:
        items = [items[0], items[0], items[1], items[1]]
    if len(items) != 4:
        raise ValueError(f"padding must have 1, 2 or 4 numbers, got {padding!r}")
    return items[0], items[1], items[2], items[3]


def taps_of(f: torch.Tensor | None) -> tuple[int, int]:
    """Number of taps of a filter along (y, x)."""
    if f is None:
        return 1, 1
    return int(f.shape[0]), int(f.shape[-1])


def check_output_size(
    x: torch.Tensor,
    up: int,
    padding: Padding,
    filters: Sequence[torch.Tensor | None],
    down: int,
) -> tuple[int, int]:
    """Height and width of the result; ValueError when nothing would be left of the image."""
    return output_size((int(x.shape[2]), int(x.shape[3])), up, padding, filters, down)


def output_size(
    size: tuple[int, int],
    up: int,
    padding: Padding,
    filters: Sequence[torch.Tensor | None],
    down: int,
) -> tuple[int, int]:
    """The same for an image of `size` (height, width)."""
    lost_y = sum(taps_of(f)[0] - 1 for f in filters)
    lost_x = sum(taps_of(f)[1] - 1 for f in filters)
    height = size[0] * up + padding[2] + padding[3] - lost_y
    width = size[1] * up + padding[0] + padding[1] - lost_x
    if height < 1 or width < 1 or min(size) < 1:
        raise ValueError(
            f"padding {list(padding)} leaves nothing of an image of "
            f"{size[1]}x{size[0]} pixels with up {up} and these filters"
        )
    return (height + down - 1) // down, (width + down - 1) // down


def _check_floating(value: Any, name: str) -> torch.Tensor:
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, got {_describe(value)}")
    if not value.is_floating_point():
        raise TypeError(f"{name} must hold floating-point numbers, got {value.dtype}")
    return value


def _check_device(value: torch.Tensor, x: torch.Tensor, name: str) -> None:
    if value.device != x.device:
        raise ValueError(f"{name} must be on the device of x ({x.device}), got {value.device}")


def _describe(value: Any) -> str:
    return f"{value!r} ({type(value).__name__})"
