"""Loads files under a memory limit and an audit hook; run as a program by test_hostile.py.

Usage: hostile_child.py CHECKPOINT FILES_AND_FOLDERS…; prints a JSON object: path → outcome.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networks

MEMORY_BYTES = 400 * 2**20  # beyond what the process has after its imports
FORBIDDEN = (
    *("compile", "exec", "import", "marshal.", "pickle.", "code.", "ctypes.", "cpython."),
    *("subprocess.", "socket.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system"),
    *("os.startfile", "os.remove", "os.rename", "os.mkdir", "os.putenv", "shutil.", "tempfile."),
    *("urllib.", "http.", "sqlite3.", "winreg.", "mmap.", "pty."),
)

seen: list[str] = []
allowed = ""


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Note every event that means: something was executed, or another file opened."""
    if not allowed:
        return
    if event == "open" and str(arguments[0]) != allowed:
        seen.append(f"open {arguments[0]!r}")
    elif event.startswith(tuple(FORBIDDEN)):
        seen.append(f"{event} {arguments!r}"[:200])


def limit_memory() -> None:
    """Anything that takes the size a file claims must fail."""
    if sys.platform.startswith("linux"):
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def outcome(path: Path) -> str:
    """What became of a file: 'loaded', the sentence, or the wrong kind of exception."""
    global allowed
    seen.clear()
    allowed = str(path)
    texts = [attempt(networks.load_generator, path), attempt(networks.describe_checkpoint, path)]
    allowed = ""
    if seen:
        return f"caught: {seen}"
    # Word for word the same need not be: the safetensors library names any of several faults.
    are_alike = texts[0].split()[0] == texts[1].split()[0]
    return texts[0] if are_alike else f"differs when only described: {texts}"


def attempt(read: Callable[[Path], Any], path: Path) -> str:
    """What one way of reading makes of it."""
    try:
        read(path)
    except networks.CheckpointError as error:
        return f"refused: {error}"
    except BaseException as error:
        return f"wrong: {type(error).__name__}: {error}"
    return "loaded"


def main() -> None:
    warm_up, *places = map(Path, sys.argv[1:])
    for good in sorted(warm_up.iterdir()):  # imports everything that loading needs
        networks.load_generator(good)
    with contextlib.suppress(networks.CheckpointError):
        networks.load_generator(warm_up)
    files = [
        f for place in places for f in (sorted(place.rglob("*")) if place.is_dir() else [place])
    ]
    sys.addaudithook(watch)
    limit_memory()
    print(json.dumps({str(path): outcome(path) for path in files if not path.is_dir()}))


if __name__ == "__main__":
    main()
