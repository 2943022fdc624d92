"""Whether a window can be opened at all."""

from __future__ import annotations

import os
import re
import sys
import warnings

import imgui_bundle  # noqa: F401  (first: it makes `glfw` use its own library)


class NoDisplayError(Exception):
    """No window can be opened; the message is one sentence for a person."""


def check_display() -> None:
    """Raise NoDisplayError where no window can be opened."""
    reason = _why_not()
    if reason:
        raise NoDisplayError(
            f"No window can be opened here ({reason}); "
            "`loupe images` writes pictures without a display."
        )


def _why_not() -> str:
    has_name = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if sys.platform.startswith("linux") and not has_name:
        return "neither DISPLAY nor WAYLAND_DISPLAY is set"
    import glfw

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if glfw.init():
            return ""
    return _words_of(caught[-1].message) if caught else "GLFW could not be started"


def _words_of(message: object) -> str:
    """GLFW's own words: "(65550) b'X11: Failed to open display :9'" without the wrapping."""
    found = re.fullmatch(r"\(\d+\) b(['\"])(.*)\1", str(message))
    return found[2] if found else str(message)
