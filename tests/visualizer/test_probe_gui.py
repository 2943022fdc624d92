"""The Pixel panel: what it reads is what the network computed; in a real window."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from imgui_bundle import imgui

from renderer.messages import Probe
from visualizer.camera import Camera
from visualizer.panels.probe import RANK_TOPIC
from visualizer.pointer import TOPIC, ask_around, value_at

pytestmark = pytest.mark.gui


def point_at(robot: Any, x: int, y: int, click: bool = False) -> None:
    """Move the mouse over the middle of a pixel of the picture, and maybe click there."""
    robot.frame()  # the picture has its place
    viewport = robot.window.viewport
    cell = viewport.zoom / viewport.scale
    rect = viewport.picture
    place = imgui.ImVec2(rect.x + (x + 0.5) * cell, rect.y + (y + 0.5) * cell)

    def body(ui: Any) -> None:
        ui.mouse_move_to_pos(place)
        places.append(robot.app.context.pointer.place)
        if click:
            ui.mouse_click(0)

    places: list[object] = []
    robot.do(body)
    assert places == [(x, y)]


def read(robot: Any, x: int, y: int) -> np.ndarray:
    """The raw values that the panel shows for a pixel."""
    point_at(robot, x, y)
    app = robot.app
    view = app.shown.result.request.views[0]

    def known() -> np.ndarray | None:
        return value_at(ask_around(app.inquiries, (x, y), view), (x, y), view)

    robot.wait(lambda: known() is not None, "the values")
    values = known()
    assert values is not None
    return values


def test_the_readout_is_the_value_behind_the_pixel(robot: Any) -> None:
    robot.settle()
    for x, y in ((0, 0), (127, 127), (40, 77), (100, 3)):
        values = read(robot, x, y)
        levels = np.clip(values * 127.5 + 128, 0, 255).astype(np.uint8)
        assert np.array_equal(levels, robot.app.pixels[y, x])


def test_reading_runs_no_network_and_follows_the_shown_layer(robot: Any) -> None:
    state = robot.app.state
    robot.app.state = replace(state, layer=replace(state.layer, name="L9_148_64", base_channel=9))
    robot.settle()
    values = read(robot, 70, 20)
    levels = np.clip(values * 127.5 + 128, 0, 255).astype(np.uint8)
    assert np.array_equal(levels, robot.app.pixels[20, 70])
    answer = robot.app.inquiries.ask(TOPIC, robot.app.inquiries.question(TOPIC), Probe)
    assert answer is not None
    assert answer.synthesis_runs == 0
    assert answer.base_channel == 9


def test_a_click_ranks_the_channels_of_a_pixel(robot: Any) -> None:
    state = robot.app.state
    robot.app.state = replace(state, layer=replace(state.layer, name="L9_148_64"))
    robot.settle()
    latent = robot.app.state.latent
    point_at(robot, 33, 50, click=True)
    assert robot.app.context.pointer.pinned == (33, 50)
    assert robot.app.state.latent == latent
    panel = next(p for p in robot.window.right if p.title == "Pixel")
    robot.wait(lambda: panel.ranked, "the ranking")
    channels = [channel for channel, _ in panel.ranked]
    sizes = [abs(value) for _, value in panel.ranked]
    assert sizes == sorted(sizes, reverse=True)
    robot.changed_by(lambda: robot.click(f"//Analysis/Pixel/##rank{channels[2]}"))
    assert robot.app.state.layer.base_channel == channels[2]
    assert not robot.app.state.layer.rgb
    assert read(robot, 33, 50) == pytest.approx([panel.ranked[2][1]])
    robot.press(imgui.Key.escape)
    assert robot.app.context.pointer.pinned is None
    robot.frame()
    assert robot.app.inquiries.error(RANK_TOPIC) is None


def test_a_drag_pins_nothing_and_a_double_click_only_fits(robot: Any) -> None:
    robot.settle()
    robot.drag_picture(40, 10)
    assert robot.app.context.pointer.pinned is None
    robot.window.viewport.camera = Camera(zoom=1.0)
    robot.frame()
    x, y = robot.window.viewport.picture.center

    def body(ui: Any) -> None:
        ui.mouse_move_to_pos(imgui.ImVec2(x, y))
        ui.mouse_double_click(0)

    robot.do(body)
    assert robot.window.viewport.camera.zoom is None
    assert robot.app.context.pointer.pinned is None


def test_the_picture_shows_values_at_high_zoom(robot: Any) -> None:
    robot.settle()
    robot.window.viewport.camera = Camera(zoom=64.0)
    robot.frame()
    marks = robot.window.viewport.marks
    robot.wait(lambda: marks.num_values > 50, "values on the picture")
    robot.window.viewport.camera = Camera(zoom=16.0)
    robot.frame()
    assert marks.num_values == 0
