"""Messages for the person: toasts that pass, and errors that stay until dismissed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from renderer.messages import ErrorInfo

TOAST_SEC = 5.0


@dataclass
class Notice:
    """One message; errors have no end."""

    topic: str
    text: str
    details: str = ""
    is_error: bool = False
    until_sec: float | None = None
    retry: Callable[[], None] | None = None
    dismissed: bool = False


class Notices:
    """One message per topic. The same error is shown once, until its topic went well again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._by_topic: dict[str, Notice] = {}
        self.last_text = ""

    def say(self, topic: str, text: str) -> None:
        """A toast."""
        self._by_topic[topic] = Notice(topic, text, until_sec=self._clock() + TOAST_SEC)
        self.last_text = text

    def error(self, topic: str, error: ErrorInfo, retry: Callable[[], None] | None = None) -> None:
        """An error; repeating the one that stands, or was dismissed, shows nothing new."""
        known = self._by_topic.get(topic)
        if known is not None and known.is_error and known.text == error.message:
            return
        self._by_topic[topic] = Notice(topic, error.message, error.details, True, retry=retry)
        self.last_text = error.message

    def clear(self, topic: str) -> None:
        """The topic went well: its error may be shown again when it comes back."""
        known = self._by_topic.get(topic)
        if known is not None and known.is_error:
            del self._by_topic[topic]

    def dismiss(self, topic: str) -> None:
        """The person has read it."""
        if topic in self._by_topic:
            self._by_topic[topic].dismissed = True

    @property
    def visible(self) -> list[Notice]:
        """What is to be shown now, oldest first."""
        now = self._clock()
        return [
            notice
            for notice in self._by_topic.values()
            if not notice.dismissed and (notice.until_sec is None or now < notice.until_sec)
        ]

    @property
    def next_change_sec(self) -> float | None:
        """Seconds until a toast goes away, for the idle window."""
        ends = [n.until_sec for n in self.visible if n.until_sec is not None]
        return min(ends) - self._clock() if ends else None
