"""Loading of the compiled module: once, with a reason when it is missing."""

import ctypes
import functools
import importlib
import logging
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import torch  # before the native module, which shares torch's thread runtime

logger = logging.getLogger(__name__)

API_VERSION = 6
"""Rises with every change of the native functions, so that a stale build is noticed."""


@functools.cache
def load() -> tuple[ModuleType | None, str]:
    """The native module (None when missing) and a sentence about it for the user."""
    module, reason = _import_native()
    if module is None:
        logger.warning("native kernels are not available: %s; plain torch is used", reason)
    return module, reason


def describe(module: Any) -> str:
    """Instruction set and threads in use."""
    return (
        f"{module.instruction_set()} of {len(module.instruction_sets())} usable instruction sets, "
        f"{torch.get_num_threads()} {module.thread_runtime()}"
    )


def has_fast_bfloat16(kernel: int, filtered: bool = False) -> bool:
    """Layers with k x k convolutions are faster in bfloat16 than in float32 on this processor.

    Measured: with bfloat16 in vector registers only, Winograd's transform in float32 is as fast
    for 3x3 as plain products in bfloat16, and exact. But the filter of a `styled_layer` gains,
    which is what `filtered` tells.
    """
    module: Any = load()[0]
    if module is None:
        return False
    gains = kernel == 1 or filtered
    return bool(module.bfloat16_tiles() or (gains and module.fast_bfloat16()))


def has_bfloat16_tiles() -> bool:
    """The processor has a matrix unit for bfloat16 (AMX)."""
    module: Any = load()[0]
    return module is not None and bool(module.bfloat16_tiles())


def _import_native() -> tuple[ModuleType | None, str]:
    if os.environ.get("LOUPE_NATIVE") == "0":
        return None, "they are switched off by LOUPE_NATIVE=0"
    try:
        module: Any = importlib.import_module("cuda_ext._native")
    except Exception as error:  # a broken file can raise anything; the program goes on without it
        return None, f"the compiled module could not be imported ({_first_line(error)})"
    found = getattr(module, "API_VERSION", None)
    if found != API_VERSION:
        return None, f"the compiled module is of version {found}, not {API_VERSION}: install again"
    module.use_openmp(0 if _waits_passively() else _openmp_entry())
    if os.environ.get("LOUPE_KEEP_MEMORY") != "0":
        # Pictures of one size after another: memory that goes back to the system costs a page
        # fault per 4 KB when it is taken again, up to a third of the time of a picture.
        module.keep_freed_memory()
    return module, ""


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _waits_passively() -> bool:
    """torch's threads sleep while they wait, as `renderer.environment` asks them to.

    Then threads of our own do not compete with them. They are better where another program wants
    a core: nobody waits for a thread that has not begun.
    """
    return os.environ.get("OMP_WAIT_POLICY", "").lower() == "passive"


def _openmp_entry() -> int:
    """Address of `GOMP_parallel` in the OpenMP runtime that torch loaded, or 0.

    Threads of another runtime would compete with torch's, which spin for a while after each of
    its own operations.
    """
    folder = Path(torch.__file__).parent / "lib"
    for name in ("libtorch_cpu.so", "libtorch_cpu.dylib"):
        if not (folder / name).exists():
            continue
        try:
            entry = ctypes.CDLL(str(folder / name)).GOMP_parallel
        except (OSError, AttributeError):
            continue
        return ctypes.cast(entry, ctypes.c_void_p).value or 0
    return 0
