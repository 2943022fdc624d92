"""Environment variables of processes that compute; they must be set before the process starts."""

from __future__ import annotations

import os

# What the person has set stands.
DEFAULTS = {
    # Waiting threads sleep: where another program wants a core, spinning ones make small
    # operations ten times slower.
    "OMP_WAIT_POLICY": "passive",
    # glibc keeps freed activations instead of returning their pages after every layer: the page
    # faults take up to half of a frame.
    "MALLOC_MMAP_THRESHOLD_": str(2**30),
    "MALLOC_TRIM_THRESHOLD_": str(2**31 - 1),
    "MALLOC_TOP_PAD_": str(2**26),
}


def compute_environment() -> dict[str, str]:
    """This process's environment with the defaults that it lacks."""
    return {**DEFAULTS, **os.environ}
