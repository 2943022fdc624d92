"""Two pictures against each other, in a real window with a real renderer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from imgui_bundle import imgui
from PIL import Image

from renderer.messages import LayerInfo, Probe
from renderer.picture import read_metadata
from renderer.state import CompareState
from visualizer import icons, theme
from visualizer.camera import Rect
from visualizer.comparison import Comparison, pin
from visualizer.comparison_view import CompareView, num_parts
from visualizer.panels import probe as probe_panel
from visualizer.panels.probe import OTHER_TOPIC
from visualizer.pointer import TOPIC, describe_value, value_at

pytestmark = pytest.mark.gui
ROOM = "//Analysis/Compare/"


@pytest.fixture
def comparison(robot: Any) -> Iterator[Comparison]:
    """Nothing pinned, the panel open."""
    robot.open_panel("Compare", "Analysis")
    found: Comparison = robot.app.context.comparison
    yield found
    robot.app.state = replace(robot.app.state, comparison=CompareState())
    robot.settle()


def seed(robot: Any, x: float) -> None:
    state = robot.app.state
    robot.app.state = replace(state, latent=replace(state.latent, x=x))


def screen(robot: Any) -> np.ndarray:
    """The picture's part of the window, with the mouse away."""
    robot.frame()
    region = robot.window.viewport.region
    x, y = int(region.x), int(region.y)
    shot = robot.screenshot()[y : y + int(region.height) - 60, x : x + int(region.width)]
    return np.asarray(shot)


def b_pixels(comparison: Comparison) -> np.ndarray:
    assert comparison.shown is not None
    assert comparison.shown.pixels is not None
    return comparison.shown.pixels


def pin_and_change(robot: Any, comparison: Comparison) -> tuple[np.ndarray, np.ndarray]:
    """Pin seed 0 and go to one that no other test has shown; returns the pixels of A and B."""
    pinned = robot.settle()
    robot.click(ROOM + "###pin")
    assert comparison.state.pinned is not None
    robot.changed_by(lambda: seed(robot, 4711.0))
    assert np.array_equal(b_pixels(comparison), pinned)
    return robot.app.pixels, pinned


def test_side_by_side_shows_both_and_costs_one_network_run(
    robot: Any, comparison: Comparison
) -> None:
    pin_and_change(robot, comparison)
    request = robot.app.shown.result.request
    assert [view.name for view in request.views] == ["main", "b"]
    assert robot.app.shown.result.synthesis_runs == 1  # of A; B is remembered
    shot = screen(robot)
    left, right = np.split(shot[:, : shot.shape[1] // 2 * 2], 2, axis=1)
    assert np.abs(left.astype(int) - right).mean() > 10
    seed(robot, 0.0)
    robot.settle()
    assert robot.app.shown.result.synthesis_runs == 0
    shot = screen(robot)
    left, right = np.split(shot[:, : shot.shape[1] // 2 * 2], 2, axis=1)
    assert np.abs(left.astype(int) - right).mean() < 2


def test_the_key_pins_and_flips(robot: Any, comparison: Comparison) -> None:
    robot.settle()
    first = screen(robot)
    robot.press(imgui.Key.p)
    assert comparison.state.pinned == robot.first_state
    robot.changed_by(lambda: seed(robot, 5.0))
    second = screen(robot)
    assert np.abs(first.astype(int) - second).mean() > 10
    robot.press(imgui.Key.p)
    robot.settle()
    assert comparison.state.mode == "B"
    inner = (slice(60, -60), slice(120, -120))  # the mark of the zoom bar and messages stay out
    assert np.array_equal(screen(robot)[inner], first[inner])
    robot.press(imgui.Key.p)
    assert np.array_equal(screen(robot)[inner], second[inner])
    robot.press(imgui.Key.mod_shift | imgui.Key.p)
    assert comparison.state.pinned is None


def test_every_way_of_showing_looks_unlike_the_others(robot: Any, comparison: Comparison) -> None:
    pin_and_change(robot, comparison)
    shots: list[np.ndarray] = []
    for name in ("A", "B", "Side", "Wipe", "Diff"):
        robot.click(f"{ROOM}{name}##mode")
        robot.settle()
        shot = screen(robot)
        assert all(np.abs(shot.astype(int) - other).mean() > 2 for other in shots), name
        shots.append(shot)
    robot.click(f"{ROOM}Blink##mode")
    robot.settle()
    seen: set[int] = set()

    def both_seen() -> bool:
        shot = screen(robot).astype(int)
        seen.update(idx for idx in (0, 1) if np.abs(shot - shots[idx]).mean() < 2)
        return seen == {0, 1}

    robot.wait(both_seen, "both pictures to blink")


def test_the_edge_of_the_wipe_is_dragged(robot: Any, comparison: Comparison) -> None:
    pin_and_change(robot, comparison)
    robot.click(ROOM + "Wipe##mode")
    robot.settle()
    picture, latent = robot.window.viewport.picture, robot.app.state.latent
    x, y = picture.center

    def drag(ui: Any) -> None:
        ui.mouse_move_to_pos(imgui.ImVec2(x, y))
        ui.mouse_drag_with_delta(imgui.ImVec2(-picture.width / 4, 5))

    robot.do(drag)
    assert comparison.state.wipe == pytest.approx(0.25, abs=0.02)
    assert robot.app.state.latent == latent


def test_the_difference_is_that_of_both_pictures(robot: Any, comparison: Comparison) -> None:
    pin_and_change(robot, comparison)
    robot.click(ROOM + "Diff##mode")
    robot.settle()

    def pixels() -> np.ndarray:
        assert comparison.shown_difference is not None
        assert comparison.shown_difference.pixels is not None
        return comparison.shown_difference.pixels

    last = pixels()
    acts: tuple[Callable[[], object], ...] = (
        lambda: robot.click(ROOM + "Absolute##kind"),
        lambda: robot.click(ROOM + "Squared##kind"),
        lambda: robot.type_value(ROOM + "##difference gain", -20),
        lambda: robot.click(ROOM + "Viridis##colors"),
    )
    for act in acts:
        act()
        robot.settle()
        assert robot.app.shown.result.synthesis_runs == 0
        assert not np.array_equal(pixels(), last)
        last = pixels()
    state = robot.app.state
    compared = replace(state.comparison, kind="absolute", in_colors=False)
    robot.app.state = replace(state, comparison=compared)
    seed(robot, 0.0)
    robot.settle()
    assert (pixels() == 0).all()


def test_two_models_on_the_same_latent(robot: Any, comparison: Comparison, golden: Path) -> None:
    robot.settle()
    robot.click(ROOM + "###pin")
    robot.click(ROOM + "Latent##follow")
    path = golden / "stylegan3-t-64.pkl"
    robot.open_model(path)
    robot.wait(lambda: robot.app.state.model == str(path), "the other model")
    robot.settle()
    before = b_pixels(comparison)
    robot.changed_by(lambda: seed(robot, 3.0))
    views = robot.app.shown.result.request.views
    assert views[0].latents == views[1].latents
    assert (views[0].model, views[1].model) == (str(path), robot.first_state.model)
    assert not np.array_equal(b_pixels(comparison), before)
    robot.click(ROOM + "Diff##mode")
    robot.settle()
    assert comparison.is_unlike
    robot.click(ROOM + "Swap")
    robot.settle()
    assert robot.app.state.model == robot.first_state.model
    assert comparison.state.pinned is not None
    assert comparison.state.pinned.model == str(path)


def test_a_b_that_cannot_be_shown_leaves_a_and_says_why(
    robot: Any, comparison: Comparison, tmp_path: Path
) -> None:
    a, _ = pin_and_change(robot, comparison)
    good = screen(robot)
    state = robot.app.state
    missing = replace(state.comparison.pinned, model=str(tmp_path / "gone.pkl"))
    robot.app.state = replace(state, comparison=replace(state.comparison, pinned=missing))
    assert np.array_equal(robot.settle(), a)
    assert comparison.shown is None
    assert "gone.pkl" in comparison.error.message
    assert robot.app.notices.visible == []
    shot = screen(robot)
    left, right = np.split(np.abs(shot.astype(int) - good).mean(axis=2), 2, axis=1)
    assert left.mean() < 1
    assert right.mean() > 10
    seed(robot, 6.0)
    assert not np.array_equal(robot.settle(), a)  # A goes on
    robot.app.state = replace(robot.app.state, comparison=state.comparison)
    robot.settle()
    assert comparison.error is None
    assert comparison.shown is not None


def test_pinning_and_swapping_are_undone(robot: Any, comparison: Comparison) -> None:
    first = robot.settle()
    pin_and_change(robot, comparison)
    robot.changed_by(lambda: robot.click(ROOM + "Swap"))
    assert np.array_equal(robot.app.pixels, first)
    robot.click(ROOM + "Wipe##mode")
    robot.changed_by(lambda: robot.press(imgui.Key.mod_ctrl | imgui.Key.z))
    assert comparison.state.mode == "Wipe"
    assert np.array_equal(b_pixels(comparison), first)
    robot.press(imgui.Key.mod_ctrl | imgui.Key.z, 2)
    assert np.array_equal(robot.settle(), first)
    assert robot.app.state.comparison.pinned is None
    robot.press(imgui.Key.mod_ctrl | imgui.Key.mod_shift | imgui.Key.z)
    robot.settle()
    assert robot.app.state.comparison.pinned == robot.first_state


def test_a_session_brings_the_comparison_back(
    robot: Any, comparison: Comparison, tmp_path: Path
) -> None:
    a, b = pin_and_change(robot, comparison)
    robot.click(ROOM + "Transform##follow")
    robot.click(ROOM + "Wipe##mode")
    state, path = robot.app.state, tmp_path / "both.json"
    robot.window.actions.save_session(str(path))
    robot.reset()
    robot.window.actions.open_path(str(path))
    assert np.array_equal(robot.settle(), a)
    assert np.array_equal(b_pixels(comparison), b)
    assert robot.app.state == state


def test_the_rate_of_blinking_is_typed_and_reset(robot: Any, comparison: Comparison) -> None:
    pin_and_change(robot, comparison)
    robot.click(ROOM + "Blink##mode")
    robot.type_value(ROOM + "##blink rate", 99)
    assert robot.app.state.comparison.blink_hz == 10
    robot.right_click(ROOM + "##blink rate")
    assert robot.app.state.comparison.blink_hz == 1


def test_the_zoom_is_one_for_both(robot: Any, comparison: Comparison) -> None:
    pin_and_change(robot, comparison)
    viewport = robot.window.viewport
    half = viewport.region.width / 2
    x, y = viewport.picture.center

    def zoom(ui: Any) -> None:
        ui.mouse_move_to_pos(imgui.ImVec2(x + half + 2, y + 2))
        places.append(robot.app.context.pointer.place)
        ui.mouse_wheel_y(1)

    places: list[object] = []
    before = viewport.zoom
    robot.do(zoom)
    robot.frame()
    assert viewport.zoom > before
    assert places == [(64, 64)]


def test_both_values_and_their_difference_are_read_at_one_place(
    robot: Any, comparison: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[tuple[str, ...]] = []
    draw = probe_panel._build_three
    monkeypatch.setattr(
        probe_panel, "_build_three", lambda texts, colors: (rows.append(texts), draw(texts, colors))
    )
    a, b = pin_and_change(robot, comparison)
    x, y = robot.window.viewport.picture.center
    robot.do(lambda ui: (ui.mouse_move_to_pos(imgui.ImVec2(x + 2, y + 2)), ui.mouse_click(0)))
    assert robot.app.context.pointer.pinned == (64, 64)
    inquiries = robot.app.inquiries
    known: list[np.ndarray] = []
    for topic, pixels in ((TOPIC, a), (OTHER_TOPIC, b)):
        robot.wait(lambda t=topic: inquiries.question(t) is not None, "a question")
        question = inquiries.question(topic)
        robot.wait(lambda t=topic, q=question: inquiries.is_current(t, q), "an answer")
        probe = inquiries.ask(topic, question, Probe)
        values = value_at(probe, (64, 64), probe.view)
        assert values is not None
        levels = np.clip(values * 127.5 + 128, 0, 255).astype(np.uint8)
        assert np.array_equal(levels, pixels[64, 64])
        known.append(values)
    rows.clear()
    robot.frame()
    assert rows[0] == ("A", "B", "A − B")
    for row, *pair in zip(rows[1:], *known, strict=True):
        numbers = (float(pair[0]), float(pair[1]), float(pair[0]) - float(pair[1]))
        assert row == tuple(describe_value(number) for number in numbers)
    robot.press(imgui.Key.escape)


def test_a_message_stands_above_the_caption(
    robot: Any, comparison: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    tops: list[float] = []
    caption = CompareView._caption

    def watched(self: CompareView, region: Rect, text: str) -> None:
        tops.append(region.y + region.height - imgui.get_font_size() - 3 * theme.px(5))
        caption(self, region, text)

    monkeypatch.setattr(CompareView, "_caption", watched)
    robot.press(imgui.Key.p)
    robot.wait(lambda: tops, "the caption")
    robot.app.notices.say("compare", "Pinned.")
    for _ in range(3):  # a new message finds its height
        robot.frame()
    message = imgui.internal.find_window_by_name("##notice-compare")
    assert comparison.state.pinned is not None
    assert message.pos.y + message.size.y <= tops[-1]


def test_the_panels_below_the_pixel_stay_where_they_are_when_flipping(
    robot: Any, comparison: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin_and_change(robot, comparison)
    ends: list[float] = []
    build = probe_panel._build_values

    def watched(*args: Any) -> None:
        start = imgui.get_cursor_pos_y()
        build(*args)
        ends.append(imgui.get_cursor_pos_y() - start)

    monkeypatch.setattr(probe_panel, "_build_values", watched)
    x, y = robot.window.viewport.picture.center
    robot.do(lambda ui: ui.mouse_move_to_pos(imgui.ImVec2(x + 2, y + 2)))
    for mode in ("A", "B", "Side by side"):
        state = robot.app.state
        shown = replace(state.comparison, mode=mode)
        robot.app.change(replace(state, comparison=shown))
        robot.frame()
        robot.frame()
    assert ends
    assert len(set(ends)) == 1


def test_a_place_is_found_in_a_layer_of_another_size() -> None:
    small = LayerInfo("a", 3, 36, 36, "float32")
    large = replace(small, height=148, width=148)
    assert probe_panel.same_place((0, 35), small, large) == (2, 145)
    assert probe_panel.same_place((2, 145), large, small) == (0, 35)
    assert probe_panel.same_place((7, 9), small, small) == (7, 9)


def test_both_the_difference_and_the_view_are_saved_with_their_states(
    robot: Any, comparison: Comparison, tmp_path: Path
) -> None:
    pin_and_change(robot, comparison)
    robot.click(ROOM + "Diff##mode")
    a, state = robot.settle(), robot.app.state
    robot.app.settings.capture_folder = str(tmp_path)
    robot.open_panel("Capture")
    robot.app.notices.say("test", "A message that is not saved")
    for button in (f"{icons.CAMERA} Save A", "Save B", "Save diff"):
        robot.click(f"//Controls/Capture/{button}")
    robot.do(lambda ui: ui.mouse_move("//Controls/Capture"))  # where no tooltip comes
    robot.app.actions["Save the view"]()

    def read(name: str) -> tuple[np.ndarray, Any]:
        path = tmp_path / f"{name}_00000.png"
        robot.wait(path.exists, name)
        found = read_metadata(path)
        assert found is not None
        with Image.open(path) as image:
            return np.asarray(image), found.state

    assert comparison.shown_difference is not None
    wanted = {
        "picture": (a, state),
        "b": (b_pixels(comparison), robot.first_state),
        "difference": (comparison.shown_difference.pixels, state),
    }
    for name, (pixels, its_state) in wanted.items():
        found, its_own = read(name)
        assert np.array_equal(found, pixels), name
        assert its_own == its_state, name
    view, its_state = read("view")
    region = robot.window.viewport.region
    assert view.shape == (round(region.height), round(region.width), 3)
    assert its_state == state
    robot.wait(lambda: "view_00000" in robot.app.notices.last_text, "the message")
    for topic in [notice.topic for notice in robot.app.notices.visible]:
        robot.app.notices.dismiss(topic)
    robot.frame()
    shot = robot.screenshot()
    x, y = round(region.x), round(region.y)
    assert np.array_equal(view, shot[y : y + view.shape[0], x : x + view.shape[1]])
    robot.press(imgui.Key.mod_ctrl | imgui.Key.s)  # what is seen
    robot.wait((tmp_path / "difference_00001.png").exists, "the difference once more")


def test_a_spectrum_beside_a_alone_leaves_the_place_of_b(
    robot: Any, comparison: Comparison
) -> None:
    robot.app.change(replace(robot.app.state, comparison=pin(robot.app.state, "B").comparison))
    robot.settle()
    spectrum = replace(robot.app.state.spectrum, show=True)
    robot.app.change(replace(robot.app.state, spectrum=spectrum))
    robot.settle()
    shown = robot.app.shown
    assert comparison.shown is not None
    assert (num_parts(shown), num_parts(comparison.shown)) == (2, 1)
    picture = robot.window.viewport.picture
    for mode in ("B", "Side by side"):
        compared = replace(robot.app.state.comparison, mode=mode)
        robot.app.change(replace(robot.app.state, comparison=compared))
        robot.settle()
        picture, region = robot.window.viewport.picture, robot.window.viewport.region
        shot = robot.screenshot()
        dx = region.width / 2 if mode == "Side by side" else 0
        y, x = round(picture.center[1]), picture.x + dx
        row = shot[y, round(x + picture.width / 2 + 5) : round(x + picture.width) - 5]
        assert (row == row[0]).all()  # the surround: no spectrum of A, nothing stretched
        row = shot[y, round(x + 5) : round(x + picture.width / 2) - 5]
        assert row.std(axis=0).max() > 10


def test_a_spectrum_beside_b_alone_is_seen_whole_and_moves_nothing(
    robot: Any, comparison: Comparison
) -> None:
    state = robot.app.state
    with_spectrum = replace(state, spectrum=replace(state.spectrum, show=True))
    pinned = pin(with_spectrum, "B").comparison
    robot.app.change(replace(state, comparison=pinned))
    robot.settle()
    assert comparison.shown is not None
    assert (num_parts(robot.app.shown), num_parts(comparison.shown)) == (1, 2)
    places = []
    for mode in ("B", "Side by side", "A"):
        compared = replace(robot.app.state.comparison, mode=mode)
        robot.app.change(replace(robot.app.state, comparison=compared))
        robot.settle()
        viewport = robot.window.viewport
        picture, room = viewport.picture, viewport.view_region
        assert room.x < picture.x
        assert picture.x + 2 * picture.width < room.x + room.width
        places.append(picture)
        if mode == "B":
            y, x = round(picture.center[1]), round(picture.x + picture.width)
            row = robot.screenshot()[y, x + 5 : round(x + picture.width) - 5]
            assert row.std(axis=0).max() > 10  # the spectrum, to its end
    assert places[0] == places[2]


def test_a_caption_says_which_of_both_is_flipped_to(
    robot: Any, comparison: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(CompareView, "_caption", lambda self, region, text: said.append(text))
    robot.settle()
    assert said == []
    robot.press(imgui.Key.p)
    robot.settle()
    assert said[-1].startswith("A  ")
    robot.press(imgui.Key.p)
    robot.settle()
    assert said[-1].startswith("B  ")
    robot.press(imgui.Key.mod_shift | imgui.Key.p)
    robot.settle()
    said.clear()
    robot.frame()
    assert said == []
