"""Which implementation runs for a tensor, and why."""

import logging
from typing import Any

import torch

from cuda_ext import native

logger = logging.getLogger(__name__)

NATIVE_DTYPES = {torch.float32: 0, torch.bfloat16: 1}
"""Dtypes of the CPU kernels and their codes in the native module."""

CUDA_DTYPES = {torch.float32: 0, torch.bfloat16: 1, torch.float16: 2}
"""Dtypes of the CUDA kernels and their codes there."""

_disabled: dict[str, str] = {}


class KernelError(RuntimeError):
    """No kernel could be had; the message is a sentence for the person."""


class UnsupportedCase(KernelError):
    """This one call is outside of what the kernels are made for."""


def why_not_native(device: torch.device, dtype: torch.dtype) -> str | None:
    """None when the native kernels serve tensors of this kind, else the reason."""
    if device.type not in ("cpu", "cuda"):
        return f"no native kernels for {device.type} yet"
    if dtype not in (NATIVE_DTYPES if device.type == "cpu" else CUDA_DTYPES):
        return f"no native kernels for {dtype}"
    if device.type in _disabled:
        return _disabled[device.type]
    module, reason = _load(device)
    return None if module is not None else reason


def choose(impl: str, x: torch.Tensor, on_cuda: bool = False) -> Any:
    """The native module (or the store of CUDA kernels) to use for `x`; None for the reference.

    Args:
        impl: "auto", "native" or "reference".
        x: the tensor to work on.
        on_cuda: whether the operator has CUDA kernels.

    Raises:
        RuntimeError: `impl` is "native" and there is no native kernel for `x`.
    """
    if impl == "reference":
        return None
    reason = why_not_native(x.device, x.dtype)
    if reason is None and x.is_cuda and not on_cuda:
        reason = "this operator has no CUDA kernel"
    if reason is None:
        return _load(x.device)[0]
    if impl == "native":
        raise RuntimeError(f"impl 'native' cannot run: {reason}")
    return None


def disable(device_type: str, reason: str) -> None:
    """Uses the reference on this kind of device from now on; the reason is logged once."""
    if device_type not in _disabled:
        logger.warning("native kernels are off on %s: %s", device_type, reason)
        _disabled[device_type] = reason


def give_way(impl: str, device: torch.device, error: KernelError) -> None:
    """Leaves a call to the reference after its kernel could not be had.

    Raises:
        KernelError: `impl` is "native".
    """
    if impl == "native":
        raise error
    if isinstance(error, UnsupportedCase):
        logger.debug("%s; plain torch is used", error)
        return
    disable(device.type, str(error))


def _load(device: torch.device) -> tuple[Any, str]:
    if device.type == "cuda":
        from cuda_ext import cuda_kernels  # it needs this module

        return cuda_kernels.load()
    return native.load()
