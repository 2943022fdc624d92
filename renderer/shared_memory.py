"""Memory that window and renderer both map, with no name that could stay behind.

POSIX: one anonymous file (memfd, or an unlinked temporary file where there is none), whose
descriptor the renderer inherits. Neither uses /dev/shm, so a small one does not matter, and
whatever is killed, the kernel frees it. Windows: named mappings, which vanish with their last
handle.
"""

from __future__ import annotations

import mmap
import os
import secrets
import sys
import tempfile

ALIGNMENT = 1 << 16  # of block starts: at least the allocation granularity of every system


class SharedMemory:
    """A growing piece of memory, seen from one of the two processes."""

    def __init__(self, fd: int = -1, tag: str = "") -> None:
        self._fd = fd
        self._tag = tag
        self._size = 0

    @classmethod
    def create(cls) -> SharedMemory:
        """New memory, owned by this process.

        Raises:
            OSError: neither memory nor a temporary file can be had.
        """
        if sys.platform == "win32":
            return cls(tag=f"latent-loupe-{os.getpid()}-{secrets.token_hex(8)}")
        return cls(fd=_anonymous_file())

    @classmethod
    def from_handle(cls, handle: str) -> SharedMemory:
        """What the other process created; `handle` is its `.handle`."""
        kind, _, value = handle.partition(":")
        return cls(fd=int(value)) if kind == "fd" else cls(tag=value)

    @property
    def handle(self) -> str:
        return f"fd:{self._fd}" if self._fd >= 0 else f"tag:{self._tag}"

    @property
    def kind(self) -> str:
        """What holds the memory, for people."""
        if self._fd < 0:
            return "a named mapping, which vanishes with its last user"
        if os.fstat(self._fd).st_dev == _temporary_device():
            return f"an unlinked file in {tempfile.gettempdir()}"
        return "an anonymous memory file, independent of /dev/shm"

    @property
    def inherited_fds(self) -> tuple[int, ...]:
        """Descriptors that the child must inherit."""
        return (self._fd,) if self._fd >= 0 else ()

    def reserve(self, num_bytes: int) -> None:
        """Grow to at least `num_bytes`, really taken: a full disk is an error, not a SIGBUS.

        Raises:
            OSError: there is not that much.
        """
        if self._fd < 0 or num_bytes <= self._size:
            return
        if sys.platform == "linux":
            os.posix_fallocate(self._fd, 0, num_bytes)
        else:
            os.lseek(self._fd, self._size, os.SEEK_SET)
            for _ in range(0, num_bytes - self._size, ALIGNMENT):
                os.write(self._fd, bytes(ALIGNMENT))
        self._size = num_bytes

    def map_block(self, name: str, base: int, num_bytes: int) -> mmap.mmap:
        """Map one block; `base` is a multiple of ALIGNMENT and unused on Windows."""
        if sys.platform == "win32":
            return mmap.mmap(-1, num_bytes, tagname=f"{self._tag}-{name}")
        return mmap.mmap(self._fd, num_bytes, offset=base)

    def close(self) -> None:
        """Give up the descriptor; blocks that are mapped stay valid."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _temporary_device() -> int:
    return os.stat(tempfile.gettempdir()).st_dev


def _anonymous_file() -> int:
    if sys.platform == "linux":
        try:
            return os.memfd_create("latent-loupe", os.MFD_CLOEXEC)
        except OSError:
            pass  # an old or locked-down kernel: a file on disk does as well
    with tempfile.TemporaryFile(prefix="latent-loupe-") as file:  # unlinked as soon as it is made
        return os.dup(file.fileno())
