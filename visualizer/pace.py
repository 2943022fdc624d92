"""When a frame is held back: for a picture that is about to come; and how many there are.

A picture that takes few milliseconds is drawn in the frame of the input that changed it. Drawing
first and showing it one frame later would also take the cores from the renderer, where OpenGL is
software. There, fewer frames are drawn while a picture takes long.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

from visualizer.app import App
from visualizer.stand_in import is_late
from visualizer.waker import Waker

HOLD_SEC = 0.06  # at most, counted from when the picture was asked for
FAST_SEC = 0.04  # pictures that take longer are not waited for
NUM_RECENT = 3  # pictures; the fastest of them says what to expect
CONTENTION = 4.0  # drawing may make a picture slower by this factor at most …
SLOW_FPS = 30  # while a picture takes long, where OpenGL is software
SOFTWARE = ("llvmpipe", "softpipe", "swiftshader", "gdi generic", "software")
TRY_FRAMES = 20  # … so that now and then a held frame must tell how fast it really is


class Pace:
    """Holds a frame, built but not drawn yet, until the picture it asked for is there."""

    def __init__(
        self, app: App, waker: Waker, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._app = app
        self._waker = waker
        self._clock = clock
        self._num_unheld = 0  # frames since the last hold
        self.is_software = False  # OpenGL takes the renderer's cores

    def learn_renderer(self, name: str) -> None:
        """What OpenGL calls itself."""
        self.is_software = any(word in name.lower() for word in SOFTWARE)

    def rest(self, begin_sec: float) -> None:
        """After a frame that began then: leave the cores to a slow picture, until something comes.

        What has come since the waker was cleared counts.
        """
        if not self.is_software:
            return
        app, now_sec = self._app, self._clock()
        left_sec = begin_sec + 1 / SLOW_FPS - now_sec
        if left_sec > 0 and is_late(app, now_sec) and self._is_up:
            self._waker.wait(left_sec)

    def hold(self) -> None:
        """Wait while that picture is likely to come soon; takes whatever has come."""
        self._waker.clear()
        self._app.take_events()
        if not self._is_worth_it():
            self._num_unheld += 1
            return
        self._num_unheld = 0
        while (left_sec := self._left_sec()) > 0 and self._waker.wait(left_sec):
            self._waker.clear()
            self._app.take_events()

    def _is_worth_it(self) -> bool:
        owed = self._app.owed
        recent_ms = list(itertools.islice(reversed(self._app.timings.render_ms), NUM_RECENT))
        if owed is None or not recent_ms:
            return False
        if owed.since_sec == owed.newest_sec:
            return True  # the renderer had nothing to do: nobody knows how long this one takes
        expected_sec = min(recent_ms) / 1e3
        if expected_sec > FAST_SEC:
            return expected_sec < CONTENTION * FAST_SEC and self._num_unheld >= TRY_FRAMES
        return True

    def _left_sec(self) -> float:
        """How long the picture may still be waited for; 0 where none is owed."""
        owed = self._app.owed
        if owed is None or not self._is_up:
            return 0.0
        return owed.newest_sec + HOLD_SEC - self._clock()

    @property
    def _is_up(self) -> bool:
        return self._app.renderer.status.state in ("ready", "busy")
