"""Files that are whole or absent: written under a temporary name, then renamed."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

import platformdirs

APP_NAME = "latent-loupe"


def settings_folder() -> Path:
    """Where settings, the layout and the last session live; LOUPE_SETTINGS overrides it.

    It may not be there where it cannot be made; what writes to it says so.
    """
    override = os.environ.get("LOUPE_SETTINGS")
    folder = Path(override) if override else Path(platformdirs.user_config_dir(APP_NAME, False))
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def why_not_writable(folder: Path) -> str:
    """Why nothing can be kept in a folder; "" where something can."""
    if not folder.is_dir():
        return f"{folder} is not a folder and cannot be made one"
    return "" if os.access(folder, os.W_OK) else f"{folder} cannot be written"


def pictures_folder() -> Path:
    """The default folder for captured pictures."""
    return Path(platformdirs.user_pictures_dir()) / "Latent Loupe"


def describe_place(path: Path) -> str:
    """Name and folder of a file in few letters, such as "picture.png in ~/Pictures".

    The name comes first: a long folder may be wrapped, the name is not.
    """
    folder = path.parent
    with contextlib.suppress(RuntimeError, ValueError):  # no home, or elsewhere
        folder = Path("~") / folder.relative_to(Path.home())
    return f"{path.name} in {folder}"


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
