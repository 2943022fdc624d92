"""Signals that end the window as closing it does: session and settings are kept."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable

_NAMES = ("SIGTERM", "SIGHUP")  # those that this system has


class Ending:
    """Knows whether a signal asked the window to end, and wakes it then."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self.is_asked_for = False
        self._wake = wake

    def listen(self) -> None:
        """Take the signals from now on; called from the main thread.

        An idle window sits in the system's wait, where no handler of Python runs: the signal's
        number is read by a thread, which wakes the window.
        """
        self._ours, theirs = socket.socketpair()
        self._theirs = theirs
        theirs.setblocking(False)
        signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        numbers = {getattr(signal, name) for name in _NAMES if hasattr(signal, name)}
        for number in numbers:
            signal.signal(number, lambda *_: None)
        threading.Thread(target=self._watch, args=(numbers,), daemon=True, name="ending").start()

    def _watch(self, numbers: set[int]) -> None:
        while received := self._ours.recv(1):
            if received[0] in numbers:
                self.is_asked_for = True
                self._wake()
