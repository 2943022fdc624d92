"""Messages over the picture, in a real window."""

from __future__ import annotations

from typing import Any

import pytest
from imgui_bundle import imgui

from renderer.messages import ErrorInfo
from visualizer.overlay import MOST

pytestmark = pytest.mark.gui


def test_many_errors_leave_the_picture_in_sight_and_have_their_turn(robot: Any) -> None:
    topics = [f"test {number}" for number in range(9)]
    for topic in topics:
        robot.app.notices.error(topic, ErrorInfo(f"What {topic} could not do, and why. " * 3))

    def seen() -> list[str]:
        for _ in range(3):
            robot.frame()
        found = {topic: imgui.internal.find_window_by_name(f"##notice-{topic}") for topic in topics}
        windows = {topic: window for topic, window in found.items() if window and window.active}
        assert all(window.pos.y > 0 for window in windows.values())
        return list(windows)

    assert seen() == topics[-MOST:]
    robot.app.notices.dismiss(topics[-1])
    assert seen() == topics[-1 - MOST : -1]
