"""While the picture is dragged, what stands around it is built in turn, not in every frame.

Whoever drags looks at the picture: ten new values a second are enough beside it, and what
the columns cost would come out of the time of the picture.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from imgui_bundle import imgui

# Of the processor's time, before the columns: such a frame builds none if it can wait.
LATE_SEC = 1e-3
KEPT_SEC = 0.095  # of six frames at 60 a second, two build a column


class Turns:
    """Which windows may look as they did in the frame before: the columns and the line below."""

    def __init__(
        self,
        used_sec: Callable[[], float],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`used_sec`: how long the processor has worked on the frame so far."""
        self._used_sec = used_sec
        self._clock = clock
        self._built_sec: dict[str, float] = {}  # when, by window
        self._now_sec = 0.0
        self._is_dragged = False
        self._is_taken = False  # by a window, in this frame
        self._letters = -1  # the texture that they were drawn with

    def begin_frame(self, is_dragged: bool) -> None:
        """Call once per frame, before the first window.

        A texture of letters that grew was replaced: what was drawn with it must be drawn anew.
        """
        letters = letters_id() if is_dragged else -1
        self._is_dragged = is_dragged and letters == self._letters
        self._letters = letters
        self._now_sec = self._clock()
        self._is_taken = False

    def may_keep(self, label: str) -> bool:
        """Whether a window need not be built in this frame."""
        if not self._is_dragged:
            return False
        age_sec = self._now_sec - self._built_sec.get(label, -math.inf)
        if age_sec < KEPT_SEC:
            return True
        num_turns = 1 + self._is_taken + (self._used_sec() > LATE_SEC)  # that it may be left out
        return age_sec < num_turns * KEPT_SEC

    def note_built(self, label: str) -> None:
        """A window is built in this frame."""
        self._built_sec[label] = self._now_sec
        self._is_taken = True


def letters_id() -> int:
    """Which texture holds the letters."""
    return int(imgui.get_io().fonts.tex_data.unique_id)
