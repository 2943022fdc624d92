"""The picture in the window: where it stands, what is around it, and when it comes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from imgui_bundle import imgui

from visualizer import pace, theme

pytestmark = pytest.mark.gui


def move(robot: Any) -> None:
    latent = robot.app.state.latent
    robot.app.state = replace(robot.app.state, latent=replace(latent, x=latent.x + 0.5))


def picture_of(robot: Any, shot: np.ndarray) -> np.ndarray:
    place = robot.window.viewport.picture
    x, y = int(place.x), int(place.y)
    return shot[y : y + int(place.height), x : x + int(place.width)]


def test_a_fast_picture_is_drawn_in_the_frame_of_its_input(
    robot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "HOLD_SEC", 20.0)  # however busy the machine is
    before = picture_of(robot, robot.screenshot())
    move(robot)
    after = picture_of(robot, robot.screenshot())  # draws one frame
    assert robot.app.is_current
    assert not np.array_equal(after, before)
    robot.settle()
    np.testing.assert_array_equal(picture_of(robot, robot.screenshot()), after)


def test_a_picture_of_another_size_waits_for_its_place(
    robot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "HOLD_SEC", 20.0)
    latencies = robot.app.timings.latency_ms
    spectrum = replace(robot.app.state.spectrum, show=True)
    robot.app.state = replace(robot.app.state, spectrum=spectrum)
    latencies.clear()
    robot.frame()
    assert robot.app.is_current
    assert robot.app.fresh_pixels
    assert not latencies, "what is not drawn is not on the screen"
    robot.frame()
    assert not robot.app.fresh_pixels
    assert len(latencies) == 1


def test_the_grounds_have_their_colors(robot: Any) -> None:
    shot = robot.screenshot()
    region = robot.window.viewport.region
    columns = [imgui.internal.find_window_by_name(name) for name in ("Controls", "Analysis")]
    places = {
        "around the picture": (region.x + 2, region.y + 2, theme.grey(24)),
        "beside the buttons": (region.x + region.width - 4, region.y - 6, theme.PANEL),
        **{c.name: (c.pos.x + c.size.x / 2, c.pos.y + 3, theme.PANEL) for c in columns},
    }
    for what, (x, y, color) in places.items():
        assert shot[int(y), int(x)].tolist() == [round(color.x * 255)] * 3, what
