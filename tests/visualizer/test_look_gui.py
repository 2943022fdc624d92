"""Sizes of the interface: scale of the monitor and of the settings, columns, in a real window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import glfw
import pytest
from imgui_bundle import glfw_utils, imgui

from visualizer import look
from visualizer.settings import load_settings, save_settings

pytestmark = pytest.mark.gui


@pytest.fixture
def window(robot: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The robot; afterwards its window has its size and its columns again."""
    place = glfw_utils.glfw_window_hello_imgui()
    yield robot
    monkeypatch.undo()
    robot.window.look.ask_monitor()
    glfw.set_window_size(place, 1280, 720)
    robot.app.settings.columns = {}
    robot.app.settings.scale = 1.0
    wait_for_width(robot, 1280)


def wait_for_width(robot: Any, width: int) -> None:
    robot.wait(lambda: imgui.get_main_viewport().size.x == width, f"a window of {width}")
    for _ in range(4):
        robot.frame()


def resize(robot: Any, width: int, height: int) -> None:
    glfw.set_window_size(glfw_utils.glfw_window_hello_imgui(), width, height)
    wait_for_width(robot, width)


def columns(robot: Any) -> list[float]:
    """Widths of both columns on the screen."""
    for _ in range(4):
        robot.frame()
    names = ("Controls", "Analysis")
    return [float(imgui.internal.find_window_by_name(name).size.x) for name in names]


def sizes(robot: Any) -> list[tuple[float, ...]]:
    """Of letters as drawn, and of paddings that the theme sets and that it leaves alone."""
    found: list[tuple[float, ...]] = []

    def measure(ui: Any) -> None:
        style = imgui.get_style()
        baked = imgui.get_font_baked()
        found.append((imgui.get_font_size(), baked.size * baked.rasterizer_density))
        found.append((style.frame_padding.x, style.cell_padding.y, style.display_window_padding.x))
        assert style._main_scale * 15 == pytest.approx(imgui.get_font_size(), abs=0.5)

    for _ in range(4):
        robot.frame()
    robot.do(measure)
    return found


def set_monitor(robot: Any, monkeypatch: pytest.MonkeyPatch, scale: float) -> None:
    """Another monitor, of which the system tells."""
    monkeypatch.setattr(glfw, "get_window_content_scale", lambda _: (scale, scale))
    robot.window.look.ask_monitor()


def test_all_sizes_follow_the_monitor_while_the_window_is_open(
    window: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sizes(window)
    assert first == [(15, 15), (8, 2, 19)]
    set_monitor(window, monkeypatch, 2.0)
    assert sizes(window) == [(30, 30), (16, 4, 38)]
    window.app.settings.scale = 1.5
    assert sizes(window) == [(45, 45), (24, 6, 57)]
    window.app.settings.theme = "Light"
    assert sizes(window) == [(45, 45), (24, 6, 57)]
    window.app.settings.theme = "Dark"
    window.app.settings.scale = 1.0
    set_monitor(window, monkeypatch, 1.0)
    assert sizes(window) == first


def test_a_monitor_of_which_nobody_tells_is_noticed_soon(
    window: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(glfw, "get_window_content_scale", lambda _: (2.0, 2.0))
    for _ in range(look.MONITOR_FRAMES):
        window.frame()
    assert sizes(window)[0] == (30, 30)


def test_the_system_tells_of_another_monitor(window: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    monkeypatch.setattr(window.window.look, "ask_monitor", lambda: asked.append(1.0))
    place = glfw_utils.glfw_window_hello_imgui()
    tell: Any = glfw.set_window_content_scale_callback(place, None)
    glfw.set_window_content_scale_callback(place, tell)
    tell(place, 2.0, 2.0)
    assert asked == [1.0]


def test_keys_step_the_size_from_three_quarters_to_twice(window: Any) -> None:
    window.press(imgui.Key.mod_ctrl | imgui.Key.minus, 9)
    assert sizes(window)[0] == pytest.approx((11.25, 11), abs=0.5)
    window.press(imgui.Key.mod_ctrl | imgui.Key.equal, 9)
    assert sizes(window)[0] == (30, 30)


def test_a_window_scaled_by_the_system_is_not_scaled_twice(
    window: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_monitor(window, monkeypatch, 2.0)
    monkeypatch.setattr(look, "pixels_per_unit", lambda: 2.0)
    assert sizes(window)[0] == (15, 15)


def test_a_frame_asks_the_system_for_no_size(window: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    for name in ("get_window_size", "get_framebuffer_size"):
        monkeypatch.setattr(glfw, name, lambda _, name=name: asked.append(name) or (1280, 720))
    assert look.monitor_scale() == 1.0
    window.frame()
    assert asked == []


def test_columns_leave_the_picture_its_place_and_come_back(
    window: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert columns(window) == [300, 270]
    resize(window, 640, 360)
    assert columns(window) == [218, 218]
    resize(window, 1280, 720)
    assert columns(window) == [300, 270]
    set_monitor(window, monkeypatch, 2.0)
    assert columns(window) == [435, 435]
    resize(window, 2560, 1440)
    assert columns(window) == [600, 540]


def test_a_dragged_column_keeps_its_width(window: Any) -> None:
    edge = columns(window)[0] + 1

    def drag(ui: Any) -> None:
        ui.mouse_move_to_pos(imgui.ImVec2(edge, 400))
        ui.mouse_drag_with_delta(imgui.ImVec2(60, 0))

    window.do(drag)
    assert columns(window)[0] == pytest.approx(360, abs=2)
    resize(window, 700, 500)
    assert columns(window)[0] == 238
    resize(window, 1280, 720)
    assert columns(window)[0] == pytest.approx(360, abs=2)
    save_settings(window.app.settings)
    assert load_settings().columns == {"Controls": pytest.approx(360, abs=2)}


def test_the_view_menu_hides_a_column_and_brings_it_back(window: Any) -> None:
    assert columns(window) == [300, 270]
    window.do(lambda ui: ui.menu_click("//##MainMenuBar/View/Analysis"))
    window.wait(lambda: not imgui.internal.find_window_by_name("Analysis").active, "its hiding")
    window.do(lambda ui: ui.menu_click("//##MainMenuBar/View/Analysis"))
    assert columns(window) == [300, 270]
