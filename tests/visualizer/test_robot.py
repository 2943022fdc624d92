"""What the tests lean on: the robot leaves no trace of one test for the next."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from imgui_bundle import imgui

from visualizer import comparison
from visualizer.settings import Settings

pytestmark = pytest.mark.gui


def test_a_reset_leaves_nothing_of_the_test_before(robot: Any) -> None:
    app, window = robot.app, robot.window
    robot.open_panel("Capture")
    assert imgui.internal.find_window_by_name("Controls").scroll_max.y > 0
    robot.open_panel("Spectrum", "Analysis")
    robot.click("//Analysis/Spectrum/log")
    app.change(comparison.pin(app.state, "Side by side"))
    app.settings.capture_folder, app.settings.theme = "/nowhere", "Light"
    window.viewport.sheet.order = "Variance"
    window.viewport.toggle_sheet()
    app.context.pointer.pinned = (1, 1)
    window.presentation.toggle_alone()
    robot.settle()
    robot.reset()
    assert app.state == robot.first_state
    assert replace(app.settings, recent=[]) == Settings(fps_limit=1000, vsync=False)
    assert not window.viewport.sheet.is_open
    assert not window.viewport.is_bare
    assert app.context.pointer.pinned is None
    fresh = robot.screenshot()
    robot.reset()
    assert np.array_equal(robot.screenshot()[: -fresh.shape[0] // 10], fresh[: -len(fresh) // 10])
    spectrum = next(panel for panel in window.right if panel.title == "Spectrum")
    assert not spectrum._is_log
    seen: list[bool] = []
    robot.do(lambda ui: seen.append(ui.item_exists("//Controls/Capture/Save view")))
    assert seen == [False]


def test_a_settled_picture_is_in_its_place(robot: Any) -> None:
    """Of another size it waits for the next frame, which must have been drawn."""
    first = robot.app.shown.layers[0]
    layer = replace(robot.app.state.layer, name=first.name)
    robot.app.change(replace(robot.app.state, layer=layer))
    robot.settle()
    viewport = robot.window.viewport
    assert viewport._size == (first.width, first.height)
    assert not robot.app.fresh_pixels
