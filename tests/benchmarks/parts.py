"""A file of results that grows part by part, so that a long run can be resumed and merged."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Parts:
    """Named results in one JSON file; parts that are there already are not measured again."""

    def __init__(self, file: Path | None, redo: bool = False) -> None:
        self.file = file
        self._redo = redo
        self.values: dict[str, Any] = {}
        if file is not None and file.exists():
            self.values = json.loads(file.read_text(encoding="utf-8"))

    def get(self, name: str, measure: Callable[[], Any]) -> Any:
        """The result of this name, measured and saved when it is missing."""
        if name not in self.values or self._redo:
            self.values[name] = measure()
            self._save()
        return self.values[name]

    def _save(self) -> None:
        if self.file is None:
            return
        # another run may have added parts in the meantime
        if self.file.exists():
            self.values = json.loads(self.file.read_text(encoding="utf-8")) | self.values
        partial = self.file.with_suffix(".part")
        partial.write_text(json.dumps(self.values, indent=1), encoding="utf-8")
        os.replace(partial, self.file)


def table(rows: list[list[str]]) -> str:
    """Rows of equal length as aligned columns; the first row is the heading."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])
