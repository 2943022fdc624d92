"""What the window has sent, as the worker's threads see it.

A thread drains the pipe, so the newest frame is known at any moment. The end of the pipe means
that the window is gone: the process ends at once, whatever it is doing.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from renderer.channel import Channel
from renderer.messages import (
    CancelJob,
    DropModel,
    ReleaseSlot,
    RenderFrame,
    SetModelsBudget,
    Shutdown,
    StartJob,
)


class Inbox:
    """The newest frame, and callbacks for everything else."""

    def __init__(
        self,
        channel: Channel,
        on_release: Callable[[str, int], None],
        on_job: Callable[[StartJob], None],
        on_cancel: Callable[[int], None],
        on_models: Callable[[SetModelsBudget | DropModel], None],
    ) -> None:
        self._channel = channel
        self._on_release = on_release
        self._on_job = on_job
        self._on_cancel = on_cancel
        self._on_models = on_models
        self._changed = threading.Condition()
        self._newest: RenderFrame | None = None
        self._is_new = False
        self._is_rendering = False

    def start(self) -> None:
        threading.Thread(target=self._drain, daemon=True, name="inbox").start()

    @property
    def has_newer_frame(self) -> bool:
        """A frame waits that `next_frame` has not returned yet."""
        return self._is_new

    @property
    def has_frame_work(self) -> bool:
        return self._is_new or self._is_rendering

    def next_frame(self, unless: Callable[[], bool]) -> RenderFrame | None:
        """The newest frame; waits for one. Frames that it replaces are never seen.

        Args:
            unless: looked at after `wake`, too; where it holds and no frame waits, None.
        """
        with self._changed:
            self._is_rendering = False
            self._changed.wait_for(lambda: self._is_new or unless())
            if not self._is_new:
                return None
            self._is_new = False
            self._is_rendering = True
            return self._newest

    def wake(self) -> None:
        """There is something else to do."""
        with self._changed:
            self._changed.notify_all()

    def retry_newest(self) -> None:
        """Offer the newest frame again: the model it waits for has arrived, or failed."""
        with self._changed:
            if self._newest is not None:
                self._is_new = True
                self._changed.notify_all()

    def _drain(self) -> None:
        while True:
            message = self._channel.receive()
            if message is None or isinstance(message, Shutdown):
                os._exit(0)
            if isinstance(message, RenderFrame):
                with self._changed:
                    self._newest = message
                    self._is_new = True
                    self._changed.notify_all()
            elif isinstance(message, ReleaseSlot):
                self._on_release(message.ring, message.slot)
            elif isinstance(message, StartJob):
                self._on_job(message)
            elif isinstance(message, CancelJob):
                self._on_cancel(message.job_id)
            elif isinstance(message, (SetModelsBudget, DropModel)):
                self._on_models(message)
