"""Compares each native operator with plain torch, and says by how much they differ."""

from __future__ import annotations

from collections.abc import Callable

import torch

import cuda_ext

_LIMITS = {"float32": 1e-4, "bfloat16": 3e-2, "float16": 4e-3}  # of the largest value
_DTYPES = {"cpu": ("float32", "bfloat16"), "cuda": ("float32", "float16", "bfloat16")}
Operator = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, str], torch.Tensor]


def _filtered_lrelu(
    x: torch.Tensor, taps: torch.Tensor, b: torch.Tensor, impl: str
) -> torch.Tensor:
    return cuda_ext.filtered_lrelu(
        x, taps, taps, b.to(x.dtype), up=2, down=2, padding=(9, 8, 9, 8), clamp=256.0, impl=impl
    )


def _upfirdn2d(x: torch.Tensor, taps: torch.Tensor, _b: torch.Tensor, impl: str) -> torch.Tensor:
    return cuda_ext.upfirdn2d(x, taps, up=2, padding=(6, 5, 6, 5), gain=4.0, impl=impl)


def _bias_act(x: torch.Tensor, _taps: torch.Tensor, b: torch.Tensor, impl: str) -> torch.Tensor:
    return cuda_ext.bias_act(x, b.to(x.dtype), clamp=256.0, impl=impl)


OPERATORS: dict[str, Operator] = {
    "filtered_lrelu": _filtered_lrelu,
    "upfirdn2d": _upfirdn2d,
    "bias_act": _bias_act,
}


def check_kernels(device: str) -> list[tuple[str, str]]:
    """(operator and type, what came of it) of every native operator on a device."""
    return [
        (f"{name} {dtype} on {device}", _check(operator, device, dtype))
        for name, operator in OPERATORS.items()
        for dtype in _DTYPES.get(device, ("float32",))
    ]


def _check(operator: Operator, device: str, dtype: str) -> str:
    x, taps, b = _inputs()
    want = operator(x, taps, b, "reference")
    x = x.to(device, getattr(torch, dtype))
    try:
        got = operator(x, taps.to(device), b.to(device), "native")
    except Exception as error:  # whatever a broken driver raises is the answer
        first_line = (str(error).splitlines() or [type(error).__name__])[0]
        return f"plain torch: {first_line}"
    difference = float((got.cpu().float() - want).abs().max() / want.abs().max())
    if not difference <= _LIMITS[dtype]:
        return f"WRONG: differs from plain torch by {difference:.1e} of the largest value"
    return f"right: differs from plain torch by {difference:.1e} of the largest value"


def _inputs() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """x [1, 20, 13, 12], taps [12], b [20], always the same."""
    rng = torch.Generator().manual_seed(0)
    taps = torch.hann_window(14, periodic=False)[1:-1]
    x, b = torch.randn(1, 20, 13, 12, generator=rng), torch.randn(20, generator=rng)
    return x, taps / taps.sum(), b
