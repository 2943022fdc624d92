"""Files that are whole or absent: written under a temporary name, then renamed."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

import platformdirs

APP_NAME = "latent-loupe"


def settings_folder() -> Path:
    """Where settings, the layout and the last session live; LOUPE_SETTINGS overrides it."""
    override = os.environ.get("LOUPE_SETTINGS")
    folder = Path(override) if override else Path(platformdirs.user_config_dir(APP_NAME, False))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def pictures_folder() -> Path:
    """The default folder for captured pictures."""
    return Path(platformdirs.user_pictures_dir()) / "Latent Loupe"


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file so that a killed program leaves either the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def write_new(folder: Path, stem: str, suffix: str, data: bytes) -> Path:
    """Write `stem-0001.suffix` with the first number not in use; never overwrites."""
    folder.mkdir(parents=True, exist_ok=True)
    number = 1 + max((_number_of(p, stem) for p in folder.glob(f"{stem}-*{suffix}")), default=0)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{stem}-", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        while True:
            path = folder / f"{stem}-{number:04d}{suffix}"
            try:
                _move_to_new(temporary, path)
                return path
            except FileExistsError:
                number += 1
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)


def _move_to_new(temporary: str, path: Path) -> None:
    """Rename, raising FileExistsError instead of replacing."""
    if os.name == "nt":
        os.rename(temporary, path)  # refuses to replace
        return
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        with path.open("xb"):
            os.replace(temporary, path)


def _number_of(path: Path, stem: str) -> int:
    digits = path.stem[len(stem) + 1 :]
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 9 else 0
