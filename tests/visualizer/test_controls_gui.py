"""Every control, in a real window with a real renderer: each must bring a new picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from imgui_bundle import imgui

from renderer.state import LatentState, TransformState
from visualizer import icons

pytestmark = pytest.mark.gui
ROOM = "//Controls/"


def load(robot: Any, path: Path) -> None:
    """Type the path of a model and wait for its picture."""
    robot.changed_by(lambda: (robot.open_model(path), wait_for_model(robot, path)))


def wait_for_model(robot: Any, path: Path) -> None:
    robot.wait(lambda: robot.app.state.model == str(path), f"{path.name} to be loaded")


# --- latent --------------------------------------------------------------------------------


def test_a_typed_seed_is_shown(robot: Any) -> None:
    robot.changed_by(lambda: robot.type_value(ROOM + "Latent/##seed", "4242"))
    assert robot.app.state.latent == LatentState(x=4242.0)


def test_a_typed_position_is_shown(robot: Any) -> None:
    robot.changed_by(lambda: robot.type_value(ROOM + "Latent/##x", 0.5))
    robot.changed_by(lambda: robot.type_value(ROOM + "Latent/##y", -1.25))
    assert robot.app.state.latent == LatentState(x=0.5, y=-1.25)


def test_the_pad_drags_the_latent(robot: Any) -> None:
    def drag(ui: Any) -> None:
        ui.item_drag_with_delta(f"{ROOM}Latent/{icons.MOVE} Drag here###pad", imgui.ImVec2(60, 20))

    robot.changed_by(lambda: robot.do(drag))
    assert robot.app.state.latent.x > 0 < robot.app.state.latent.y


def test_snap_goes_to_the_nearest_seed_and_reset_to_the_first(robot: Any) -> None:
    robot.type_value(ROOM + "Latent/##x", 3.25)
    robot.changed_by(lambda: robot.click(f"{ROOM}Latent/{icons.SNAP} Snap"))
    assert robot.app.state.latent.x == 3
    robot.changed_by(lambda: robot.click(f"{ROOM}Latent/{icons.RESET} Reset"))
    assert robot.app.state == robot.first_state


def test_cursor_keys_step_the_latent(robot: Any) -> None:
    robot.changed_by(lambda: robot.press(imgui.Key.right_arrow))
    assert robot.app.state.latent.x == pytest.approx(0.1)
    robot.changed_by(lambda: robot.press(imgui.Key.mod_shift | imgui.Key.down_arrow))
    assert robot.app.state.latent.y == pytest.approx(1)


# --- style mixing, truncation, class, noise ------------------------------------------------


def test_mixed_rows_and_another_mixing_seed_are_shown(robot: Any) -> None:
    robot.open_panel("Style mixing")
    # row 0 turns the Fourier features by an affine layer that begins with zeros
    robot.changed_by(lambda: robot.click(ROOM + "Style mixing/1##row"))
    robot.changed_by(lambda: robot.click(ROOM + "Style mixing/3##row"))
    assert robot.app.state.mix.rows == (1, 3)
    robot.changed_by(lambda: robot.type_value(ROOM + "Style mixing/##seed", "55"))
    robot.changed_by(lambda: robot.click(ROOM + "Style mixing/All"))
    robot.changed_by(lambda: robot.click(ROOM + "Style mixing/None"))
    assert robot.app.state.mix.rows == ()


def test_psi_and_its_cutoff_are_shown(robot: Any) -> None:
    robot.changed_by(lambda: robot.type_value(ROOM + "Truncation & noise/##psi", 0.5))
    robot.changed_by(lambda: robot.type_value(ROOM + "Truncation & noise/##cutoff", 4))
    assert (robot.app.state.truncation.psi, robot.app.state.truncation.cutoff) == (0.5, 4)


def test_a_right_click_resets_a_value(robot: Any) -> None:
    robot.type_value(ROOM + "Truncation & noise/##psi", 0.5)
    robot.changed_by(lambda: robot.right_click(ROOM + "Truncation & noise/##psi"))
    assert robot.app.state.truncation.psi == 1


def test_typed_values_are_clamped(robot: Any) -> None:
    robot.type_value(ROOM + "Truncation & noise/##psi", "1e30")
    assert robot.app.state.truncation.psi == 2
    robot.type_value(ROOM + "Latent/##seed", "99999999999999999999")
    assert robot.app.state.latent.x == 0xFFFFFFFF
    robot.settle()


def test_noise_of_a_stylegan2_goes_off_and_follows_its_seed(robot: Any, golden: Path) -> None:
    load(robot, golden / "stylegan2-64.pkl")
    robot.changed_by(lambda: robot.click(ROOM + "Truncation & noise/on##noise"))
    robot.changed_by(lambda: robot.click(ROOM + "Truncation & noise/on##noise"))
    robot.changed_by(lambda: robot.type_value(ROOM + "Truncation & noise/##noise_seed", "3"))
    assert robot.app.state.noise.seed == 3


def test_classes_are_chosen_and_blended(robot: Any, golden: Path) -> None:
    load(robot, golden / "stylegan2-cond-32.pkl")
    robot.open_panel("Class")
    robot.type_value(ROOM + "Class/##class", 1)
    robot.changed_by(lambda: robot.type_value(ROOM + "Class/##class", 2))
    robot.type_value(ROOM + "Class/##second", 4)
    robot.changed_by(lambda: robot.type_value(ROOM + "Class/##blend", 0.5))
    label = robot.app.state.label
    assert (label.class_idx, label.second_class_idx, label.blend) == (2, 4, 0.5)


# --- transform -----------------------------------------------------------------------------


def test_translation_and_rotation_are_shown_and_reset(robot: Any) -> None:
    room = ROOM + "Transform/"
    robot.changed_by(lambda: robot.type_value(room + "##x", 0.25))
    robot.changed_by(lambda: robot.type_value(room + "##y", -0.1))
    robot.changed_by(lambda: robot.type_value(room + "##angle", 30))
    transform = robot.app.state.transform
    assert (transform.x, transform.y) == (0.25, -0.1)
    assert transform.angle_turns == pytest.approx(30 / 360)
    robot.changed_by(lambda: robot.click(room + "Untransform##untransform"))
    robot.changed_by(lambda: robot.click(f"{room}{icons.RESET} Reset"))
    assert robot.app.state.transform == TransformState()


def test_the_pads_move_and_turn(robot: Any) -> None:
    def drag(name: str) -> Callable[[], None]:
        ref = f"{ROOM}Transform/{name}"
        return lambda: robot.do(lambda ui: ui.item_drag_with_delta(ref, imgui.ImVec2(40, 10)))

    robot.changed_by(drag(f"{icons.MOVE} Drag##translate"))
    assert robot.app.state.transform.x > 0
    robot.changed_by(drag(f"{icons.ROTATE} Slowly##rotate"))
    assert robot.app.state.transform.angle_turns < 0


def test_whole_pixels_differ_from_fractions(robot: Any) -> None:
    robot.type_value(ROOM + "Transform/##x", 0.013)
    robot.changed_by(lambda: robot.click(ROOM + "Transform/Round to pixels##round"))


# --- the picture ---------------------------------------------------------------------------


def test_dragging_on_the_picture_moves_turns_and_walks(robot: Any) -> None:
    robot.changed_by(lambda: robot.drag_picture(80, 30))
    assert robot.app.state.latent != LatentState()
    robot.changed_by(lambda: robot.drag_picture(50, 20, imgui.Key.mod_shift))
    moved = robot.app.state.transform
    assert moved.x == pytest.approx(50 / robot.window.viewport.picture.width, rel=0.2)
    robot.changed_by(lambda: robot.drag_picture(0, -90, imgui.Key.mod_ctrl))
    assert robot.app.state.transform.angle_turns > 0.05  # upwards on the right = ccw


def test_looking_closer_asks_the_renderer_for_nothing(robot: Any) -> None:
    viewport = robot.window.viewport
    stamp = robot.app.shown.result.stamp
    shot = robot.screenshot()

    def wheel(ui: Any) -> None:
        ui.mouse_move_to_pos(imgui.ImVec2(*viewport.picture.center))
        ui.mouse_wheel_y(2)

    zoom = viewport.zoom
    robot.do(wheel)
    assert viewport.zoom > zoom
    place = viewport.picture
    robot.drag_picture(40, 25, button=2)
    assert (viewport.picture.x, viewport.picture.y) == (place.x + 40, place.y + 25)
    assert not np.array_equal(robot.screenshot(), shot)
    robot.press(imgui.Key.f)
    assert viewport.camera.zoom is None
    assert robot.app.shown.result.stamp == stamp
    assert robot.app.state == robot.first_state


def test_the_wheel_over_a_panel_leaves_the_picture_alone(robot: Any) -> None:
    camera = robot.window.viewport.camera

    def wheel(ui: Any) -> None:
        ui.mouse_move("//Controls/Latent/##seed")
        ui.mouse_wheel_y(-3)

    robot.do(wheel)
    assert robot.window.viewport.camera == camera


# --- undo ----------------------------------------------------------------------------------


def test_undoing_everything_comes_back_to_the_first_picture(robot: Any, golden: Path) -> None:
    first = robot.settle()
    pictures = [first]
    for act in (
        lambda: robot.drag_picture(80, 30),
        lambda: robot.type_value(ROOM + "Truncation & noise/##psi", 0.7),
        lambda: robot.drag_picture(30, 0, imgui.Key.mod_shift),
    ):
        pictures.append(robot.changed_by(act))
    load(robot, golden / "stylegan3-r-64.pkl")
    pictures.append(robot.settle())
    last = robot.app.state
    for picture in reversed(pictures[:-1]):
        robot.press(imgui.Key.mod_ctrl | imgui.Key.z)
        assert np.array_equal(robot.settle(), picture)
    assert robot.app.state == robot.first_state
    assert robot.app.history.undo_labels() == []
    for picture in pictures[1:]:
        robot.press(imgui.Key.mod_ctrl | imgui.Key.mod_shift | imgui.Key.z)
        assert np.array_equal(robot.settle(), picture)
    assert robot.app.state == last
