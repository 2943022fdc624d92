"""Commands, keys and what of the window is seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from imgui_bundle import imgui

from visualizer import theme

pytestmark = pytest.mark.gui
KEY = imgui.Key


def test_a_command_is_found_by_a_part_of_its_name(robot: Any) -> None:
    robot.type_value("//Controls/Latent/##seed", 5)
    robot.settle()

    def find(ui: Any) -> None:
        ui.key_press(KEY.mod_ctrl | KEY.p)
        ui.yield_(2)
        ui.key_chars("und")
        ui.key_press(KEY.enter)

    robot.changed_by(lambda: robot.do(find))
    assert robot.app.state == robot.first_state


def test_an_arrow_marks_the_next_command(robot: Any) -> None:
    def find(ui: Any) -> None:
        ui.key_press(KEY.mod_ctrl | KEY.p)
        ui.yield_(2)
        ui.key_chars("channel before")
        ui.key_chars("")
        ui.key_press(KEY.escape)
        ui.key_press(KEY.mod_ctrl | KEY.p)
        ui.yield_(2)
        ui.key_chars("interface")
        ui.key_press(KEY.down_arrow)
        ui.key_press(KEY.enter)

    robot.do(find)
    robot.frame()
    assert robot.app.settings.scale == 0.75
    robot.press(KEY.mod_ctrl | KEY.equal)
    assert robot.app.settings.scale == 1.0


def test_the_themes_are_found_by_name(robot: Any) -> None:
    def find(ui: Any) -> None:
        ui.key_press(KEY.mod_ctrl | KEY.p)
        ui.yield_(2)
        ui.key_chars("theme light")
        ui.key_press(KEY.enter)

    robot.do(find)
    robot.frame()
    assert robot.app.settings.theme == "Light"


def test_a_chord_whose_modifier_is_let_go_first_is_still_that_chord(robot: Any) -> None:
    """A key that is pressed while Ctrl is let go, all between two frames, as fast typing does."""
    io = imgui.get_io()
    for events in (
        ((KEY.mod_ctrl, True), (KEY.left_ctrl, True)),
        ((KEY.p, True), (KEY.mod_ctrl, False), (KEY.left_ctrl, False)),
        ((KEY.p, False),),
    ):
        for key, is_down in events:
            io.add_key_event(key, is_down)
        robot.frame()
    assert imgui.is_popup_open("", imgui.PopupFlags_.any_popup.value), "no palette"
    assert robot.app.state == robot.first_state, "P alone pins"
    robot.press(KEY.escape)
    robot.frame()
    assert not imgui.is_popup_open("", imgui.PopupFlags_.any_popup.value), "one Escape is enough"


def test_escape_closes_a_menu_and_its_keys_are_no_commands(robot: Any) -> None:
    def is_open() -> bool:
        return bool(imgui.is_popup_open("", imgui.PopupFlags_.any_popup.value))

    seen: list[bool] = []

    def open_and_leave(ui: Any) -> None:
        ui.menu_click("//##MainMenuBar/File")
        ui.yield_(2)
        seen.append(is_open())
        ui.key_press(KEY.p)
        ui.key_press(KEY.escape)
        ui.yield_(2)
        seen.append(is_open())

    robot.do(open_and_leave)
    assert seen == [True, False]
    assert robot.app.state == robot.first_state  # P has pinned nothing


def test_a_comparison_is_begun_and_changed_by_name(robot: Any) -> None:
    def find(name: str) -> None:
        def body(ui: Any) -> None:
            ui.key_press(KEY.mod_ctrl | KEY.p)
            ui.yield_(2)
            ui.key_chars(name)
            ui.key_press(KEY.enter)

        robot.do(body)
        robot.frame()

    find("compare: wipe")
    assert robot.app.state.comparison.pinned == robot.first_state
    assert robot.app.state.comparison.mode == "Wipe"
    find("compare: diff")
    assert robot.app.state.comparison.mode == "Difference"
    find("compare: unpin")
    assert robot.app.state.comparison.pinned is None


def test_a_shut_panel_shows_that_something_in_it_differs(robot: Any) -> None:
    title = "//Controls/Style mixing"

    def num_accented() -> int:
        place: list[Any] = []
        robot.do(lambda ui: (ui.item_close(title), ui.mouse_move("//Controls/Latent")))
        robot.do(lambda ui: place.append(ui.item_info(title).rect_full))
        rect = place[0]
        shot = robot.screenshot()[int(rect.min.y) : int(rect.max.y)]
        pixels = shot[:, int(rect.min.x) : int(rect.max.x)].astype(int)
        accent = np.array([theme.ACCENT.x, theme.ACCENT.y, theme.ACCENT.z]) * 255
        return int((np.abs(pixels - accent).max(axis=2) < 8).sum())

    assert num_accented() == 0
    state = robot.app.state
    robot.app.state = replace(state, mix=replace(state.mix, rows=(0, 1)))
    robot.settle()
    assert num_accented() > 10
    robot.press(KEY.mod_ctrl | KEY.z)
    robot.settle()
    assert num_accented() == 0


def test_tab_hides_the_panels_and_brings_them_back(robot: Any) -> None:
    width = robot.window.viewport.region.width
    robot.press(KEY.tab)
    robot.wait(lambda: robot.window.viewport.region.width > width + 400, "a wider picture")
    robot.press(KEY.tab)
    robot.wait(lambda: robot.window.viewport.region.width == width, "the panels")
    assert not imgui.get_io().want_text_input, "Tab went to a field"


def test_the_picture_stands_alone_and_escape_leaves(robot: Any) -> None:
    region = robot.window.viewport.region
    shot = robot.screenshot()
    robot.press(KEY.mod_shift | KEY.tab)
    robot.wait(lambda: robot.window.viewport.region.width >= shot.shape[1] - 4, "the picture")
    assert robot.window.viewport.region.height >= shot.shape[0] - 4
    robot.changed_by(lambda: robot.drag_picture(60, 10))
    robot.press(KEY.escape)
    robot.wait(lambda: robot.window.viewport.region == region, "the panels")


def test_full_screen_fills_the_monitor_and_goes_back(robot: Any) -> None:
    shape = robot.screenshot().shape
    robot.press(KEY.f11)
    robot.wait(lambda: robot.screenshot().shape[1] > shape[1], "the full screen")
    robot.press(KEY.f11)
    robot.wait(lambda: robot.screenshot().shape == shape, "the window")


def test_the_list_of_keys_comes_and_goes(robot: Any) -> None:
    shot = robot.screenshot()
    robot.press(KEY.f1)
    assert robot.window.menus.show_help
    assert not np.array_equal(robot.screenshot(), shot)
    robot.press(KEY.f1)
    assert not robot.window.menus.show_help


def test_the_list_of_keys_makes_room_for_the_palette(robot: Any) -> None:
    robot.press(KEY.f1)
    assert robot.window.menus.show_help
    robot.press(KEY.mod_ctrl | KEY.p)
    assert not robot.window.menus.show_help
    robot.press(KEY.escape)


def test_space_pauses_an_animation_and_undo_stops_it(robot: Any) -> None:
    robot.click("//Controls/Latent/##animate")
    robot.wait(lambda: robot.app.shown.state.latent.x > 0.02, "a moving picture")
    robot.press(KEY.space)
    assert robot.app.is_paused
    still = robot.settle()
    for _ in range(5):
        robot.frame()
    assert np.array_equal(robot.settle(), still)
    robot.press(KEY.space)
    robot.wait(lambda: robot.app.state.latent.x > 0.2, "a moving picture")
    robot.press(KEY.mod_ctrl | KEY.z)
    assert not robot.app.state.latent.animate
    robot.settle()


def test_the_history_shows_pictures_and_goes_back_to_one(robot: Any) -> None:
    first = robot.settle()
    states = [robot.app.state]
    for seed in (5, 6, 7):
        robot.type_value("//Controls/Latent/##seed", seed)
        robot.settle()
        robot.frame()
        states.append(robot.app.state)
    thumbnails = robot.app.context.thumbnails
    assert len({thumbnails.corners(state) for state in states}) == 4
    assert None not in {thumbnails.corners(state) for state in states}
    robot.click("//Analysis/History/Latent##undo1/##step")
    robot.settle()
    assert robot.app.state == states[2]
    assert len(robot.app.history.redo_labels()) == 1
    robot.click("//Analysis/History/Start/##step")
    assert np.array_equal(robot.settle(), first)
    assert robot.app.state == states[0]
    robot.click("//Analysis/History/Latent##redo2/##step")
    robot.settle()
    assert robot.app.state == states[3]


def test_another_scale_widens_the_columns_and_goes_back(robot: Any) -> None:
    region, settings = robot.window.viewport.region, robot.app.settings
    settings.scale = 1.25
    robot.wait(lambda: robot.window.viewport.region.width < region.width - 100, "wider columns")
    settings.scale = 2.0
    robot.wait(lambda: robot.window.viewport.region.width < region.width - 200, "wider columns")
    robot.changed_by(lambda: robot.drag_picture(60, 10))
    settings.scale = 1.0
    robot.wait(lambda: abs(robot.window.viewport.region.width - region.width) < 3, "the columns")


def test_the_light_theme_is_light_and_the_dark_one_dark(robot: Any) -> None:
    dark = robot.screenshot()
    robot.app.settings.theme = "Light"
    robot.frame()
    robot.frame()
    light = robot.screenshot()
    robot.app.settings.theme = "Dark"
    robot.frame()
    panel = slice(0, 290)
    assert np.median(dark[:, panel]) < 60
    assert np.median(light[:, panel]) > 180
    robot.frame()
    assert np.median(robot.screenshot()[:, panel]) < 60
