"""Wakes an idle window, or one that holds a frame, from another thread."""

from __future__ import annotations

import threading

from imgui_bundle import hello_imgui


class Waker:
    """Callable from any thread; a window that is not open (any more) is left alone."""

    def __init__(self) -> None:
        self.is_awake = False
        self._called = threading.Event()

    def __call__(self) -> None:
        self._called.set()
        if self.is_awake:
            hello_imgui.request_refresh()

    def clear(self) -> None:
        """Let `wait` wait for the next call."""
        self._called.clear()

    def wait(self, limit_sec: float) -> bool:
        """Wait for a call since the last `clear`; False when there was none."""
        return self._called.wait(limit_sec)
