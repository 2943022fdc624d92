"""Opening what a person named as a checkpoint, and saying what it looks like if it is none."""

from __future__ import annotations

import codecs
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from networks.errors import CheckpointError, one_line

HEAD_BYTES = 512  # to tell formats apart
MAX_FILE_BYTES = 8 * 2**30
EXPECTED = "expected a StyleGAN2/3 pickle (.pkl) or our own .safetensors"
LOOKS = (
    (b"PK\x03\x04", "a zip archive (perhaps a .pt or .ckpt of another program)"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a RIFF file (WebP picture or sound)"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive; unpack it first"),
    (b"\x89HDF", "an HDF5 file"),
    (b"%PDF", "a PDF document"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\x93NUMPY", "a numpy array"),
)


class Source:
    """The bytes of a checkpoint: of a path, or of a binary file that was read."""

    def __init__(self, name: str, path: Path | None, data: bytearray | None, head: bytes) -> None:
        self.name = name  # for people
        self.path = path
        self.head = head
        self._data = data

    @property
    def suffix(self) -> str:
        """Of its name, such as ".pkl"."""
        return Path(self.name.strip("'\"")).suffix.lower()

    def read(self) -> bytearray:
        """The whole content."""
        if self._data is None:
            assert self.path is not None
            self._data = _read_path(self.path, self.name)
        return self._data

    def sha256(self) -> str:
        """Of the content, in hexadecimal digits."""
        if self._data is not None:
            return hashlib.sha256(self._data).hexdigest()
        assert self.path is not None
        with open_regular(self.path, self.name) as file:
            digest = hashlib.sha256()
            while block := file.read(2**20):
                digest.update(block)
        return digest.hexdigest()


def open_source(source: str | Path | BinaryIO) -> Source:
    """Look at the beginning of a path or a binary file.

    Raises:
        CheckpointError: it cannot be read, or does not look like a checkpoint.
    """
    if isinstance(source, (str, Path)):
        path, data = Path(source), None
        name = repr(str(source))
        head = _read_path(path, name, HEAD_BYTES)
    else:
        path, data = None, bytearray(source.read())
        name = repr(str(getattr(source, "name", "the file")))
        head = data[:HEAD_BYTES]
    if not head:
        raise CheckpointError(f"{name} is empty; {EXPECTED}")
    looks = _what_it_looks_like(bytes(head))
    if looks:
        raise CheckpointError(f"{name} looks like {looks}; {EXPECTED}")
    return Source(name, path, data, bytes(head))


def newest_snapshot(folder: Path) -> Path:
    """The newest network-snapshot-*.pkl of a training run's folder.

    Raises:
        CheckpointError: there is none, or the folder cannot be read.
    """
    try:  # `glob` takes a folder that may not be read for an empty one
        found = [path for path in folder.iterdir() if path.match("network-snapshot-*.pkl")]
    except OSError as error:
        reason = error.strerror or one_line(error)
        raise CheckpointError(f"the folder {str(folder)!r} cannot be read: {reason}") from error
    snapshots = sorted(found, key=_snapshot_number)
    if not snapshots:
        raise CheckpointError(
            f"{str(folder)!r} is a folder without a network-snapshot-*.pkl; name a file"
        )
    return snapshots[-1]


def _snapshot_number(path: Path) -> tuple[int, str]:
    digits = path.stem.rsplit("-", maxsplit=1)[-1]
    return (int(digits) if digits.isdecimal() and len(digits) <= 18 else -1, path.name)


def _read_path(path: Path, name: str, limit: int = MAX_FILE_BYTES) -> bytearray:
    """At most `limit` bytes of a file."""
    with open_regular(path, name) as file:
        data = bytearray(min(os.fstat(file.fileno()).st_size, limit))
        size = file.readinto(data)
    del data[size:]
    return data


@contextmanager
def open_regular(path: Path, name: str) -> Iterator[BufferedReader]:
    """An open regular file; whatever goes wrong is said in a sentence, as a CheckpointError."""
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            info = os.fstat(file.fileno())
            if not stat.S_ISREG(info.st_mode):
                raise CheckpointError(f"{name} is not a regular file; {EXPECTED}")
            if info.st_size > MAX_FILE_BYTES:
                raise CheckpointError(f"{name} has {info.st_size} bytes; no generator is so large")
            yield file
    except FileNotFoundError as error:
        raise CheckpointError(f"{name} does not exist; check the path") from error
    except IsADirectoryError as error:
        raise CheckpointError(f"{name} is a folder; choose a file in it") from error
    except PermissionError as error:
        what = "is a folder; choose a file in it" if path.is_dir() else "may not be read"
        raise CheckpointError(f"{name} {what}; {EXPECTED}") from error
    except MemoryError as error:
        raise CheckpointError(
            f"{name} does not fit into memory; close other programs or models"
        ) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise CheckpointError(f"{name} cannot be read: {reason or one_line(error)}") from error


def _open_without_waiting(path: str, flags: int) -> int:
    # A named pipe would block until somebody writes to it; Windows has neither flag nor pipe.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _what_it_looks_like(head: bytes) -> str | None:
    for magic, looks in LOOKS:
        if head.startswith(magic):
            return looks
    is_text = all(byte >= 32 or byte in b"\t\n\r\f" for byte in head)
    if is_text and not head.startswith((b"(", b"c", b"}", b"]")):
        try:  # the last character may be cut
            codecs.getincrementaldecoder("utf-8")().decode(head)
        except UnicodeDecodeError:
            return None
        return "text"
    return None
