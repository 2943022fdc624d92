"""Messages."""

from __future__ import annotations

from renderer.messages import ErrorInfo
from visualizer.notices import FADE_SEC, LINE_SEC, TOAST_SEC, Notices


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


def test_the_line_below_lets_a_message_go_once_it_was_seen_for_some_seconds() -> None:
    clock = Clock()
    notices = Notices(clock)
    notices.say("pin", "Pinned")
    clock.now += 3600  # nothing was drawn
    assert notices.line() == ("Pinned", 1.0)
    clock.now += LINE_SEC - FADE_SEC / 2
    assert notices.line() == ("Pinned", 0.5)
    clock.now += FADE_SEC
    assert notices.line() == ("", 0.0)
    notices.say("pin", "Pinned")
    assert notices.line() == ("Pinned", 1.0)


def test_the_line_below_leaves_out_what_a_panel_says() -> None:
    notices = Notices(Clock())
    notices.error("model a.pkl", ErrorInfo("It could not be loaded."), in_line=False)
    assert [n.text for n in notices.visible] == ["It could not be loaded."]
    assert notices.line() == ("", 0.0)
    notices.say("pin", "Pinned")
    assert notices.line() == ("Pinned", 1.0)


def test_the_line_below_keeps_an_error_while_it_stands() -> None:
    for end in (Notices.dismiss, Notices.clear):
        clock = Clock()
        notices = Notices(clock)
        notices.error("render", ErrorInfo("It failed."))
        assert notices.line() == ("It failed.", 1.0)
        clock.now += 3600
        assert notices.line() == ("It failed.", 1.0)
        end(notices, "render")
        assert notices.line() == ("", 0.0)
