"""What is not built in every frame of a drag: complete throughout, true after it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from imgui_bundle import imgui

from visualizer.turns import letters_id

pytestmark = pytest.mark.gui
WINDOWS = ("Status", "Controls", "Analysis")
BAR_PX = 24  # height of the line below


class Watch:
    """Sixty frames a second, however many the machine draws, and what was built in each."""

    def __init__(self, robot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.built: set[str] = set()
        self._robot = robot
        taken, note = robot.window.turns, robot.window.turns.note_built
        monkeypatch.setattr(taken, "_clock", lambda: robot.window.num_frames / 60)
        monkeypatch.setattr(taken, "note_built", lambda name: (self.built.add(name), note(name)))

    def shot(self) -> tuple[set[str], dict[str, np.ndarray]]:
        """Draw a frame: what was built in it, and how all of it looks."""
        self.built.clear()
        pixels = self._robot.screenshot()
        return set(self.built), {name: part_of(pixels, name) for name in WINDOWS}


def part_of(pixels: np.ndarray, name: str) -> np.ndarray:
    if name == "Status":
        return pixels[-BAR_PX:].copy()
    window = imgui.internal.find_window_by_name(name)
    x, y = int(window.pos.x), int(window.pos.y)
    return pixels[y : y + int(window.size.y), x : x + int(window.size.x)].copy()


@pytest.fixture
def watch(robot: Any, monkeypatch: pytest.MonkeyPatch) -> Watch:
    return Watch(robot, monkeypatch)


def test_in_a_drag_windows_look_as_when_they_were_built_last(robot: Any, watch: Watch) -> None:
    before = robot.app.state
    num_kept = dict.fromkeys(WINDOWS, 0)
    with robot.held_picture() as move:
        for _ in range(4):
            move(5, 3)
            _, last = watch.shot()
        for _ in range(20):
            move(5, 3)
            built, looks = watch.shot()
            assert len(built) <= 1
            for name in set(WINDOWS) - built:
                num_kept[name] += 1
                np.testing.assert_array_equal(looks[name], last[name])
            if "Controls" in built:
                assert not np.array_equal(looks["Controls"], last["Controls"]), "x and y move"
            last = looks
        assert robot.app.state.latent.x > before.latent.x
    assert min(num_kept.values()) > 10


def test_after_a_drag_the_columns_show_the_state(robot: Any, watch: Watch) -> None:
    for num_moves in (8, 9, 10):  # whoever was built last
        with robot.held_picture() as move:
            for _ in range(num_moves):
                move(4, 2)
                watch.shot()
        built, looks = watch.shot()
        assert built == set(WINDOWS)
        robot.settle()
        np.testing.assert_array_equal(watch.shot()[1]["Controls"], looks["Controls"])


def test_panels_out_of_sight_keep_their_place_in_a_drag_and_are_built_after_it(
    robot: Any, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    with robot.held_picture() as move:
        move(20, 0)
        robot.frame()
    robot.settle()  # there is a step in the history, which is below what can be seen
    history = next(panel for panel in robot.window.right if panel.title == "History")
    built: list[str] = []
    build_ui = history.build_ui
    monkeypatch.setattr(history, "build_ui", lambda *given: (built.append(""), build_ui(*given))[1])
    column = imgui.internal.find_window_by_name("Analysis")
    before = column.scroll_max.y
    with robot.held_picture() as move:
        for _ in range(4):
            move(5, 3)
            watch.shot()
        built.clear()
        for _ in range(20):
            move(5, 3)
            watch.shot()
            assert column.scroll_max.y == pytest.approx(before, abs=40)  # a row, later
        assert not built
    watch.shot()
    assert built


def test_clicks_on_the_picture_are_wanted_throughout_a_drag(robot: Any, watch: Watch) -> None:
    pointer = robot.app.context.pointer
    with robot.held_picture() as move:
        for _ in range(10):
            move(4, 2)
            watch.shot()
            assert pointer.is_wanted
    robot.click("//Analysis/Pixel")
    robot.frame()
    assert not pointer.is_wanted


def test_letters_that_were_never_drawn_come_in_the_middle_of_a_drag(
    robot: Any, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    over_all, size = robot.window.keys.palette.build_ui, 30.0

    def write_large() -> None:
        place, draw = imgui.ImVec2(300, 300), imgui.get_foreground_draw_list()
        draw.add_text(imgui.get_font(), size, place, 0xFFFFFFFF, "Letters of another size")
        over_all()

    letters = letters_id()
    with robot.held_picture() as move:
        while len(watch.shot()[0]) == len(WINDOWS):
            move(4, 0)
        monkeypatch.setattr(robot.window.keys.palette, "build_ui", write_large)
        while letters_id() == letters:  # until their texture is full and another takes its place
            size += 4
            assert size < 400
            move(1, 0)
            watch.shot()
        built, _ = watch.shot()
        assert built == set(WINDOWS)
        num_built = []
        for _ in range(9):
            move(1, 0)
            num_built.append(len(watch.shot()[0]))
        assert min(num_built) == 0, "they are kept again"


def test_a_saved_window_is_built_in_a_drag_too(
    robot: Any, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[np.ndarray] = []
    monkeypatch.setattr(robot.window.actions, "take_window_capture", saved.append)
    with robot.held_picture() as move:
        for _ in range(7):
            move(4, 2)
            robot.frame()
        robot.window.actions.request_window_capture()
        move(4, 2)
        built, _ = watch.shot()
    assert built == set(WINDOWS)
    assert len(saved) == 1


@pytest.mark.parametrize("toggle", ["toggle_panels", "toggle_alone"])
def test_what_is_hidden_in_a_drag_comes_back_whole(robot: Any, watch: Watch, toggle: str) -> None:
    before, (_, looks) = robot.app.state, watch.shot()
    with robot.held_picture() as move:
        for step in range(24):
            move(4, 2)
            if step % 6 in (3, 4):  # away for one frame
                getattr(robot.window.presentation, toggle)()
            watch.shot()
    robot.app.state = before
    robot.settle()
    after = watch.shot()[1]
    np.testing.assert_array_equal(after["Controls"], looks["Controls"])
    assert all((look > 150).any() for look in after.values()), "there are letters"


def test_a_window_of_another_size_has_its_columns_in_a_drag(robot: Any, watch: Watch) -> None:
    import glfw
    from imgui_bundle import glfw_utils

    window, io = glfw_utils.glfw_window_hello_imgui(), imgui.get_io()
    with robot.held_picture() as move:
        for step in range(40):
            move(1, 1)
            if step == 10:
                glfw.set_window_size(window, 1200, 640)
            watch.shot()
        column = imgui.internal.find_window_by_name("Analysis")
        right, width = column.pos.x + column.size.x, io.display_size.x
    glfw.set_window_size(window, 1280, 720)
    robot.wait(lambda: io.display_size.x == 1280, "the window's size")
    assert width == 1200
    assert right == pytest.approx(width, abs=2)
