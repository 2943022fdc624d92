"""Messages for the person: toasts that pass, and errors that stay until dismissed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from renderer.messages import ErrorInfo

TOAST_SEC = 5.0
LINE_SEC = 12.0  # how long the status bar shows the last message
FADE_SEC = 1.5  # the last part of it


@dataclass
class Notice:
    """One message; errors have no end."""

    topic: str
    text: str
    details: str = ""
    is_error: bool = False
    until_sec: float | None = None
    retry: Callable[[], None] | None = None
    action: str = "Retry"  # what the button that calls `retry` says
    dismissed: bool = False
    in_line: bool = True  # the status bar says it, too


class Notices:
    """One message per topic. The same error is shown once, until its topic went well again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._by_topic: dict[str, Notice] = {}
        self._last: Notice | None = None
        self._seen_sec: float | None = None  # when the status bar showed it first

    def say(self, topic: str, text: str) -> None:
        """A toast."""
        self._add(Notice(topic, text, until_sec=self._clock() + TOAST_SEC))

    def error(
        self,
        topic: str,
        error: ErrorInfo,
        retry: Callable[[], None] | None = None,
        action: str = "Retry",
        in_line: bool = True,
    ) -> None:
        """An error; repeating the one that stands, or was dismissed, shows nothing new.

        Args:
            in_line: the status bar says it, too; a panel may have done so.
        """
        known = self._by_topic.get(topic)
        if known is not None and known.is_error and known.text == error.message:
            return
        self._add(
            Notice(
                topic,
                error.message,
                error.details,
                is_error=True,
                retry=retry,
                action=action,
                in_line=in_line,
            )
        )

    @property
    def last_text(self) -> str:
        """What was said last, however long ago."""
        return self._last.text if self._last is not None else ""

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

    def line(self) -> tuple[str, float]:
        """The last message, and how opaque the status bar draws it; its time begins when asked.

        An error stays while it stands.
        """
        last = self._last
        if last is None or not last.in_line:
            return "", 0.0
        if last.is_error:
            stands = self._by_topic.get(last.topic) is last and not last.dismissed
            return (last.text, 1.0) if stands else ("", 0.0)
        now = self._clock()
        if self._seen_sec is None:
            self._seen_sec = now
        left_sec = self._seen_sec + LINE_SEC - now
        return (last.text, min(1.0, left_sec / FADE_SEC)) if left_sec > 0 else ("", 0.0)

    def _add(self, notice: Notice) -> None:
        self._by_topic[notice.topic] = self._last = notice
        self._seen_sec = None
