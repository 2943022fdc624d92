"""Wakes an idle window from another thread."""

from __future__ import annotations

from imgui_bundle import hello_imgui


class Waker:
    """Callable from any thread; does nothing before the window is open and after it is closed."""

    def __init__(self) -> None:
        self.is_awake = False

    def __call__(self) -> None:
        if self.is_awake:
            hello_imgui.request_refresh()
