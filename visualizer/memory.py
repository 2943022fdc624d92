"""Memory of the window's process."""

from __future__ import annotations

import ctypes
import platform

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3  # of glibc's malloc.h
_KEPT_BYTES = 2**28
_TAKEN_BYTES = 2**24  # from the system at once
_MAPPED_BYTES = 2**25  # the most that glibc allows: from there on, each by itself


def keep_freed_memory() -> bool:
    """Let glibc keep what every frame frees and takes again.

    Otherwise it goes back to the system at the end of a frame, and coming back costs a page fault
    per 4 KB: a tenth of a frame's time.

    Returns:
        Whether there was a glibc to tell.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    settings = {
        _TRIM_THRESHOLD: _KEPT_BYTES,
        _TOP_PAD: _TAKEN_BYTES,
        _MMAP_THRESHOLD: _MAPPED_BYTES,
    }
    told = [mallopt(name, value) for name, value in settings.items()]
    return all(answer == 1 for answer in told)
