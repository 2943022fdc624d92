"""Session files, the session of the last run, and what a file dropped on the window is."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from renderer.state import StateError, ViewState, state_from_json, state_to_json
from visualizer.files import settings_folder, write_atomic
from visualizer.history import paused

MAX_SESSION_BYTES = 1 << 20
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Restored:
    """A state read from a file, and which checkpoint it was made with."""

    state: ViewState
    sha256: str = ""


def last_session_file() -> Path:
    return settings_folder() / "session.json"


def save_session(path: Path, state: ViewState) -> None:
    """Write a session file, whole or not at all."""
    write_atomic(path, state_to_json(paused(state)).encode("utf-8"))


def load_session(path: Path) -> ViewState:
    """Read a session file.

    Raises:
        StateError: it is not one; the sentence names the file.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(MAX_SESSION_BYTES + 1)
    if len(data) > MAX_SESSION_BYTES:
        raise StateError(f"{path.name} is too large for a session file")
    try:
        return state_from_json(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise StateError(f"{path.name} is not a session file: it is not text") from error
    except StateError as error:
        raise StateError(f"{path.name} is not a session of this version: {error}") from error


def load_last_session(say: Callable[[str], None] = _log.warning) -> ViewState | None:
    """The state of the last run; None when there is none, or none that can be read, `say`ing so."""
    try:
        return paused(load_session(last_session_file()))
    except FileNotFoundError:
        return None
    except (OSError, StateError) as error:
        say(f"The last session was not restored ({error}).")
        return None


def kind_of(path: Path) -> str:
    """What a dropped file is taken for: "session", "picture" or "checkpoint"."""
    suffix = path.suffix.lower()
    if suffix == ".json":
        return "session"
    return "picture" if suffix == ".png" else "checkpoint"
