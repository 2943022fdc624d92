"""Two pictures against each other, in a real window with a real renderer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from imgui_bundle import imgui

from renderer.messages import Probe
from renderer.state import CompareState
from visualizer.comparison import Comparison
from visualizer.panels.probe import OTHER_TOPIC
from visualizer.pointer import TOPIC, value_at

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


def test_both_values_are_read_at_one_place(robot: Any, comparison: Comparison) -> None:
    a, b = pin_and_change(robot, comparison)
    x, y = robot.window.viewport.picture.center
    robot.do(lambda ui: (ui.mouse_move_to_pos(imgui.ImVec2(x + 2, y + 2)), ui.mouse_click(0)))
    assert robot.app.context.pointer.pinned == (64, 64)
    inquiries = robot.app.inquiries
    for topic, pixels in ((TOPIC, a), (OTHER_TOPIC, b)):
        robot.wait(lambda t=topic: inquiries.question(t) is not None, "a question")
        question = inquiries.question(topic)
        robot.wait(lambda t=topic, q=question: inquiries.is_current(t, q), "an answer")
        probe = inquiries.ask(topic, question, Probe)
        values = value_at(probe, (64, 64), probe.view)
        assert values is not None
        levels = np.clip(values * 127.5 + 128, 0, 255).astype(np.uint8)
        assert np.array_equal(levels, pixels[64, 64])
    robot.press(imgui.Key.escape)
