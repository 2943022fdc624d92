"""Messages."""

from __future__ import annotations

from renderer.messages import ErrorInfo
from visualizer.notices import TOAST_SEC, Notices


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_toast_passes_and_an_error_stays() -> None:
    clock = Clock()
    notices = Notices(clock)
    notices.say("capture", "Saved a.png")
    notices.error("render", ErrorInfo("It failed."))
    assert [n.text for n in notices.visible] == ["Saved a.png", "It failed."]
    clock.now += TOAST_SEC
    assert [n.text for n in notices.visible] == ["It failed."]


def test_the_same_error_is_shown_once_until_it_went_well_again() -> None:
    notices = Notices(Clock())
    error = ErrorInfo("It failed.", "Traceback")
    notices.error("render", error)
    notices.dismiss("render")
    notices.error("render", error)
    assert notices.visible == []
    notices.clear("render")
    notices.error("render", error)
    assert [n.details for n in notices.visible] == ["Traceback"]


def test_another_error_of_the_topic_replaces_the_first() -> None:
    notices = Notices(Clock())
    notices.error("render", ErrorInfo("First."))
    notices.error("render", ErrorInfo("Second."))
    assert [n.text for n in notices.visible] == ["Second."]
    assert notices.last_text == "Second."
