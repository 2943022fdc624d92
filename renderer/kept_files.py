"""How much of what was downloaded is kept: what was used longest ago goes first."""

from __future__ import annotations

import contextlib
import math
import os
import re
import sys
from pathlib import Path
from typing import BinaryIO

from networks import CheckpointError

LIMIT_GB = 20.0  # unless LOUPE_CACHE_LIMIT says otherwise
ABOUT = ".about.json"
_FOLDER = re.compile(r"[0-9a-f]{16}")  # of one address


def limit_bytes() -> int:
    """What all downloads together may take.

    Raises:
        CheckpointError: LOUPE_CACHE_LIMIT is no number of GB.
    """
    text = os.environ.get("LOUPE_CACHE_LIMIT", "").strip()
    try:
        limit_gb = float(text) if text else LIMIT_GB
    except ValueError:
        limit_gb = math.nan
    if not 0 <= limit_gb < math.inf:
        raise CheckpointError(
            f"LOUPE_CACHE_LIMIT is {text[:40]!r}; set it to a number of GB, such as {LIMIT_GB:g}"
        )
    return int(limit_gb * 2**30)


def mark_used(folder: Path) -> None:
    """This download is used now."""
    with contextlib.suppress(OSError):
        os.utime(folder / ABOUT)


def make_room(root: Path, keep: Path, num_bytes: int = 0) -> None:
    """Remove downloads until all of them, and what is still to come, hold the limit.

    Args:
        root: the folder of folders, one for each address.
        keep: the one that is being opened.
        num_bytes: still to come.
    """
    folders = _folders(root)
    excess = sum(_size(folder) for folder in folders) + num_bytes - limit_bytes()
    for folder in sorted(folders, key=_last_use_sec):
        if excess > 0 and folder != keep:
            excess -= _remove(folder)


def _folders(root: Path) -> list[Path]:
    try:
        return [entry for entry in root.iterdir() if _FOLDER.fullmatch(entry.name)]
    except OSError:
        return []


def _files(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if entry.is_file(follow_symlinks=False)]
    except OSError:
        return []


def _size(folder: Path) -> int:
    return sum(_status(entry)[0] for entry in _files(folder))


def _last_use_sec(folder: Path) -> float:
    """When its file was opened or written to; a lock file is touched by every look."""
    return max((_status(x)[1] for x in _files(folder) if x.name != ".lock"), default=0.0)


def _status(entry: os.DirEntry[str]) -> tuple[int, float]:
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return 0, 0.0
    return status.st_size, status.st_mtime


def _remove(folder: Path) -> int:
    """Remove what the downloads have put there; returns how many bytes."""
    path, removed = folder / ".lock", 0
    with contextlib.suppress(OSError), path.open("ab") as file:
        try:
            lock(file)
        except (BlockingIOError, PermissionError):
            return 0  # another window is fetching it
        except OSError:
            pass  # a file system without locks
        # The lock itself comes last: who makes a new one must find nothing left of the old.
        for entry in sorted(_files(folder), key=lambda entry: entry.name == path.name):
            size = _status(entry)[0]
            with contextlib.suppress(OSError):
                os.unlink(entry.path)
                removed += size
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            path.unlink(missing_ok=True)  # not while it is open, by anybody
        folder.rmdir()  # only where nothing else lies there
    return removed


def is_there(file: BinaryIO, path: Path) -> bool:
    """The open file still has this name: nobody has removed it."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


if sys.platform == "win32":

    def lock(file: BinaryIO) -> None:
        """Until the file is shut; raises where another program holds it."""
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:

    def lock(file: BinaryIO) -> None:
        """Until the file is shut; raises where another program holds it."""
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
