"""Which implementation runs for a tensor, and why."""

import logging
from types import ModuleType

import torch

from cuda_ext import native

logger = logging.getLogger(__name__)

NATIVE_DTYPES = {torch.float32: 0, torch.bfloat16: 1}
"""Dtypes of the CPU kernels and their codes in the native module."""

_disabled: dict[str, str] = {}


def why_not_native(device: torch.device, dtype: torch.dtype) -> str | None:
    """None when the native kernels serve tensors of this kind, else the reason."""
    if device.type != "cpu":
        return f"no native kernels for {device.type} yet"
    if dtype not in NATIVE_DTYPES:
        return f"no native kernels for {dtype}"
    if device.type in _disabled:
        return _disabled[device.type]
    module, reason = native.load()
    return None if module is not None else reason


def choose(impl: str, x: torch.Tensor) -> ModuleType | None:
    """The native module to use for `x`, or None for the reference.

    Raises:
        RuntimeError: `impl` is "native" and there is no native kernel for `x`.
    """
    if impl == "reference":
        return None
    reason = why_not_native(x.device, x.dtype)
    if reason is None:
        return native.load()[0]
    if impl == "native":
        raise RuntimeError(f"impl 'native' cannot run: {reason}")
    return None


def disable(device_type: str, reason: str) -> None:
    """Uses the reference on this kind of device from now on; the reason is logged once."""
    if device_type not in _disabled:
        logger.warning("native kernels are off on %s: %s", device_type, reason)
        _disabled[device_type] = reason
