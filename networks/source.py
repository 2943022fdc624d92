"""Opening what a person named as a checkpoint, and saying what it looks like if it is none."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from networks.errors import CheckpointError

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


def read_source(source: str | Path | BinaryIO) -> tuple[str, bytearray]:
    """The name for people and the content of a path or a binary file.

    Raises:
        CheckpointError: it cannot be read, or does not look like a checkpoint.
    """
    if isinstance(source, (str, Path)):
        name = repr(str(source))
        data = _read_path(Path(source), name)
    else:
        name = repr(str(getattr(source, "name", "the file")))
        data = bytearray(source.read())
    if not data:
        raise CheckpointError(f"{name} is empty; {EXPECTED}")
    looks = _what_it_looks_like(bytes(data[:512]))
    if looks:
        raise CheckpointError(f"{name} looks like {looks}; {EXPECTED}")
    return name, data


def _read_path(path: Path, name: str) -> bytearray:
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            info = os.fstat(file.fileno())
            if not stat.S_ISREG(info.st_mode):
                raise CheckpointError(f"{name} is not a regular file; {EXPECTED}")
            if info.st_size > MAX_FILE_BYTES:
                raise CheckpointError(f"{name} has {info.st_size} bytes; no generator is so large")
            data = bytearray(info.st_size)
            size = file.readinto(data)
    except FileNotFoundError as error:
        raise CheckpointError(f"{name} does not exist; check the path") from error
    except IsADirectoryError as error:
        raise CheckpointError(f"{name} is a folder; choose a file in it") from error
    except PermissionError as error:
        what = "is a folder; choose a file in it" if path.is_dir() else "may not be read"
        raise CheckpointError(f"{name} {what}; {EXPECTED}") from error
    except (OSError, ValueError, MemoryError) as error:
        raise CheckpointError(f"{name} cannot be read: {error}") from error
    del data[size:]
    return data


def _open_without_waiting(path: str, flags: int) -> int:
    # A named pipe would block until somebody writes to it; Windows has neither flag nor pipe.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _what_it_looks_like(head: bytes) -> str | None:
    for magic, looks in LOOKS:
        if head.startswith(magic):
            return looks
    is_text = all(byte >= 32 or byte in b"\t\n\r\f" for byte in head)
    if is_text and not head.startswith((b"(", b"c", b"}", b"]")):
        try:
            head[:-4].decode("utf-8", "strict") if len(head) > 8 else head.decode("utf-8")
        except UnicodeDecodeError:
            return None
        return "text"
    return None
