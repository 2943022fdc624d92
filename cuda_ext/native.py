"""Loading of the compiled module: once, with a reason when it is missing."""

import functools
import importlib
import logging
from types import ModuleType
from typing import Any

import torch  # noqa: F401  (first, so that the native module finds torch's thread runtime)

logger = logging.getLogger(__name__)

API_VERSION = 1
"""Rises with every change of the native functions, so that a stale build is noticed."""


@functools.cache
def load() -> tuple[ModuleType | None, str]:
    """The native module (None when missing) and a sentence about it for the user."""
    module, reason = _import_native()
    if module is None:
        logger.warning("native kernels are not available: %s; plain torch is used", reason)
    return module, reason


def _import_native() -> tuple[ModuleType | None, str]:
    try:
        module: Any = importlib.import_module("cuda_ext._native")
    except ImportError as error:
        return None, f"the compiled module could not be imported ({error})"
    found = getattr(module, "API_VERSION", None)
    if found != API_VERSION:
        return None, f"the compiled module is of version {found}, not {API_VERSION}: install again"
    return module, f"compiled kernels, {module.instruction_set()}"
