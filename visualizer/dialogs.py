"""File dialogs of the system, asked without waiting; a sentence where there are none."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass

from imgui_bundle import portable_file_dialogs as pfd

CHECKPOINTS = ["Checkpoints", "*.pkl *.safetensors", "All files", "*"]
SESSIONS = ["Sessions and pictures", "*.json *.png", "All files", "*"]
SESSION = ["Sessions", "*.json"]
_LINUX_HELPERS = ("zenity", "kdialog", "matedialog", "qarma")


def are_available() -> bool:
    """Whether this system can show a file dialog."""
    if not sys.platform.startswith("linux"):
        return True
    return any(shutil.which(name) for name in _LINUX_HELPERS)


@dataclass
class _Open:
    dialog: pfd.open_file | pfd.save_file | pfd.select_folder
    then: Callable[[str], None]


class Dialogs:
    """At most one dialog at a time; its answer arrives in `poll`."""

    def __init__(self) -> None:
        self._open: _Open | None = None

    def open_file(self, title: str, filters: list[str], then: Callable[[str], None]) -> bool:
        """Ask for a file; False where no dialog can be shown."""
        return self._start(lambda: pfd.open_file(title, "", filters), then)

    def save_file(self, title: str, name: str, then: Callable[[str], None]) -> bool:
        """Ask where to save; False where no dialog can be shown."""
        return self._start(lambda: pfd.save_file(title, name, SESSION), then)

    def select_folder(self, title: str, then: Callable[[str], None]) -> bool:
        """Ask for a folder; False where no dialog can be shown."""
        return self._start(lambda: pfd.select_folder(title, ""), then)

    @property
    def is_open(self) -> bool:
        return self._open is not None

    def poll(self) -> None:
        """Hand on the answer when there is one."""
        if self._open is None or not self._open.dialog.ready():
            return
        answer, then, self._open = self._open.dialog.result(), self._open.then, None
        path = answer if isinstance(answer, str) else (answer[0] if answer else "")
        if path:
            then(path)

    def _start(
        self,
        make: Callable[[], pfd.open_file | pfd.save_file | pfd.select_folder],
        then: Callable[[str], None],
    ) -> bool:
        if not are_available():
            return False
        if self._open is None:
            self._open = _Open(make(), then)
        return True
