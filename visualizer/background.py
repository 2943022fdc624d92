"""Work that must not hold up a frame: done on a thread, its outcome taken by a later frame."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable


class Background:
    """One thread; tasks are done in order."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._tasks: queue.SimpleQueue[Callable[[], Callable[[], None]] | None] = (
            queue.SimpleQueue()
        )
        self._outcomes: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def start(self, task: Callable[[], Callable[[], None]]) -> None:
        """Do `task` on the thread; what it returns is called by `poll`, on the window's thread."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="background", daemon=True)
            self._thread.start()
        self._tasks.put(task)

    def poll(self) -> None:
        """Call the outcomes that have arrived."""
        while True:
            try:
                outcome = self._outcomes.get_nowait()
            except queue.Empty:
                return
            outcome()

    def close(self) -> None:
        """Finish what was started, so that no picture is lost by closing the window."""
        if self._thread is not None:
            self._tasks.put(None)
            self._thread.join(timeout=30)

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            self._outcomes.put(task())
            self._wake()
