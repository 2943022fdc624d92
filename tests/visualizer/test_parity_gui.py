"""Every control that users of the established visualizer know: driven in a real window, each
must bring a new picture of the real renderer; and their ranges and defaults.

`ROWS` is the list. A control that is driven by a test elsewhere is named with that test.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from imgui_bundle import imgui

from renderer.state import ViewState
from visualizer import dialogs, icons
from visualizer.settings import Settings

pytestmark = pytest.mark.gui
HERE = Path(__file__).parent
LEFT, RIGHT = "//Controls/", "//Analysis/"
Act = Callable[[Any], object]


@dataclass(frozen=True)
class Row:
    """One control, and how a person uses it."""

    group: str
    control: str
    act: Act | None = None
    by: str = ""  # the test that drives it, where that is not this one


def typed(ref: str, value: float | str) -> Act:
    return lambda robot: robot.type_value(ref, value)


def clicked(ref: str) -> Act:
    return lambda robot: robot.click(ref)


def dragged(ref: str, dx: float = 40, dy: float = 10) -> Act:
    def drag(robot: Any) -> None:
        robot.do(lambda ui: ui.item_drag_with_delta(ref, imgui.ImVec2(dx, dy)))

    return drag


def animated(ref: str) -> Act:
    """Tick it, wait for two other pictures, untick it."""

    def animate(robot: Any) -> None:
        for _ in range(2):
            before = np.array(robot.app.pixels)
            if not is_ticked:
                robot.click(ref)
                is_ticked.append(True)
            robot.wait(lambda old=before: not np.array_equal(robot.app.pixels, old), "a picture")
        robot.click(ref)
        is_ticked.clear()

    is_ticked: list[bool] = []
    return animate


def chosen_layer(robot: Any) -> None:
    name = robot.app.shown.layers[-4].name
    robot.click(f"{RIGHT}Layers/##layers/ {name}")
    assert robot.app.state.layer.name == name


FILES = "test_files_gui.py::"
CONTROLS = "test_controls_gui.py::"
LATENT, MIX, TRUNCATION = LEFT + "Latent/", LEFT + "Style mixing/", LEFT + "Truncation & noise/"
MOVE, LAYERS, SPECTRUM = LEFT + "Transform/", RIGHT + "Layers/", RIGHT + "Spectrum/"
MODEL = LEFT + "Model/"

ROWS = (
    Row("Model", "path", by=FILES + "test_two_models_are_loaded_and_going_back_needs_no_loading"),
    Row("Model", "folder", by=FILES + "test_a_folder_opens_its_newest_snapshot"),
    Row("Model", "drop", by=FILES + "test_a_dropped_checkpoint_is_opened"),
    Row("Model", "Recent", by="test_parity_gui.py::test_a_recent_model_is_opened_again"),
    Row("Model", "Browse", by="test_parity_gui.py::test_a_model_is_browsed_for"),
    Row("Model", "address", by=FILES + "test_a_wrong_path_is_named"),
    Row(
        "Model",
        "several loaded",
        by=FILES + "test_models_in_memory_are_listed_dropped_and_held_to_a_budget",
    ),
    Row("Latent", "seed", typed(LATENT + "##seed", "4242")),
    Row("Latent", "x", typed(LATENT + "##x", 0.5)),
    Row("Latent", "y", typed(LATENT + "##y", -1.25)),
    Row("Latent", "Drag", dragged(f"{LATENT}{icons.MOVE} Drag here###pad")),
    Row("Latent", "Anim", animated(LATENT + "##animate")),
    Row("Latent", "Snap", clicked(f"{LATENT}{icons.SNAP} Snap")),
    Row("Latent", "Reset", clicked(f"{LATENT}{icons.RESET} Reset")),
    Row("Style mixing", "a row", clicked(MIX + "0##row")),
    Row("Style mixing", "another row", clicked(MIX + "5##row")),
    Row("Style mixing", "seed", typed(MIX + "##seed", "55")),
    Row("Style mixing", "Anim", animated(MIX + "4 seeds\\/s##animate")),
    Row("Truncation & noise", "psi", typed(TRUNCATION + "##psi", 0.5)),
    Row("Truncation & noise", "cutoff", typed(TRUNCATION + "##cutoff", 4)),
    Row("Noise", "on", clicked(TRUNCATION + "on##noise")),
    Row("Noise", "on again", clicked(TRUNCATION + "on##noise")),
    Row("Noise", "seed", typed(TRUNCATION + "##noise_seed", "3")),
    Row("Noise", "Anim", animated(TRUNCATION + "15 seeds\\/s##noise_animate")),
    Row(
        "Noise",
        "unavailable",
        by="test_parity_gui.py::test_what_a_model_lacks_is_greyed_out_with_the_reason",
    ),
    Row("Transform", "translate x", typed(MOVE + "##x", 0.25)),
    Row("Transform", "translate y", typed(MOVE + "##y", -0.1)),
    Row("Transform", "rotate", typed(MOVE + "##angle", 30)),
    Row("Transform", "fast drag of place", dragged(f"{MOVE}{icons.MOVE} Drag##translate")),
    Row("Transform", "slow drag of place", dragged(f"{MOVE}{icons.MOVE} Slowly##translate")),
    Row("Transform", "fast drag of angle", dragged(f"{MOVE}{icons.ROTATE} Drag##rotate")),
    Row("Transform", "slow drag of angle", dragged(f"{MOVE}{icons.ROTATE} Slowly##rotate")),
    Row("Transform", "speed of place", typed(MOVE + "##translation_speed", 0.5)),
    Row("Transform", "Anim of place", animated(MOVE + "##animate_translation")),
    Row("Transform", "speed of angle", typed(MOVE + "##rotation_speed", 0.2)),
    Row("Transform", "Anim of angle", animated(MOVE + "##animate_rotation")),
    Row("Transform", "Round to pixels", clicked(MOVE + "Round to pixels##round")),
    Row("Transform", "Untransform", clicked(MOVE + "Untransform##untransform")),
    Row("Transform", "Reset", clicked(f"{MOVE}{icons.RESET} Reset")),
    Row("Layers", "the list", chosen_layer),
    Row("Layers", "one channel", clicked(LAYERS + "Channel")),
    Row("Layers", "channel +", clicked(LAYERS + "+##channel")),
    Row("Layers", "channel −", clicked(LAYERS + "-##channel")),
    Row("Layers", "channel", typed(LAYERS + "##channel", 2)),
    Row("Layers", "Normalize", clicked(LAYERS + "Normalize##normalize")),
    Row("Layers", "not normalized", clicked(LAYERS + "Normalize##normalize")),
    Row("Layers", "scale", typed(LAYERS + "##gain", -12.5)),
    Row("Layers", "RGB", clicked(LAYERS + "RGB")),
    Row("Layers", "statistics", by="test_layers_gui.py::test_statistics_are_of_the_raw_values"),
    Row("Spectrum", "show", clicked(SPECTRUM + "Beside the picture##show")),
    Row("Spectrum", "of a layer", chosen_layer),
    Row("Spectrum", "all channels", clicked(SPECTRUM + "All")),
    Row("Spectrum", "range", typed(SPECTRUM + "##range", 30)),
    Row("Spectrum", "beta", typed(SPECTRUM + "##beta", 2)),
    Row("Performance", "force FP32", clicked(RIGHT + "Performance/Force FP32##force_fp32")),
    Row("Performance", "FPS limit, vsync", by="test_parity_gui.py::test_the_pace_is_chosen"),
    Row("Capture", "save image", by=FILES + "test_an_exported_picture_is_the_one_of_loupe_images"),
    Row("Capture", "folder", by="test_parity_gui.py::test_the_folder_of_pictures_is_typed"),
    Row("Capture", "save window", by=FILES + "test_the_window_is_saved_as_it_is_seen"),
)
SILENT = ("speed of place", "speed of angle")  # seen only with the animation after it
GROUPS = tuple(dict.fromkeys(row.group for row in ROWS if row.act is not None))


def show(robot: Any, path: Path) -> None:
    """Another model, without the Model panel."""
    robot.app.change(replace(robot.app.state, model=str(path)))
    robot.settle()


def open_groups(robot: Any, group: str) -> None:
    if group in ("Style mixing", "Capture"):
        robot.open_panel(group)
    elif group in ("Spectrum", "Performance"):
        robot.open_panel(group, "Analysis")


@pytest.mark.parametrize("group", GROUPS)
def test_every_control_brings_another_picture(robot: Any, golden: Path, group: str) -> None:
    name = "stylegan2-64.pkl" if group == "Noise" else "stylegan3-r-64.pkl"
    show(robot, golden / name)
    open_groups(robot, group)
    for row in ROWS:
        if row.group != group or row.act is None:
            continue
        if row.control in SILENT:
            row.act(robot)
            continue
        try:
            robot.changed_by(lambda act=row.act: act(robot))
        except AssertionError as error:
            raise AssertionError(f"{group}, {row.control}: {error}") from error


def test_controls_driven_elsewhere_are_named_with_their_tests() -> None:
    for row in ROWS:
        assert bool(row.by) != bool(row.act), row.control
        if row.by:
            file, name = row.by.split("::")
            tree = ast.parse((HERE / file).read_text(encoding="utf-8"))
            assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


# --- ranges and defaults -------------------------------------------------------------------

LIMITS = (  # control, place in the state, lowest, highest, default
    (LATENT + "##speed", "latent.speed", -5, 5, 0.25),
    (MIX + "##seed", "mix.seed", 0, 0xFFFFFFFF, 1000),
    (TRUNCATION + "##psi", "truncation.psi", -1, 2, 1),
    (MOVE + "##translation_speed", "transform.translation_speed", 0, 0.5, 0.01),
    (MOVE + "##rotation_speed", "transform.rotation_speed", -1, 1, 0.005),
    (LAYERS + "##gain", "layer.scale_db", -40, 40, 0),
    (SPECTRUM + "##range", "spectrum.range_db", 0.1, 100, 50),
    (SPECTRUM + "##beta", "spectrum.beta", 0, 50, 8),
)


@pytest.mark.parametrize(("ref", "place", "low", "high", "default"), LIMITS)
def test_what_is_typed_stays_within_the_range(
    robot: Any, ref: str, place: str, low: float, high: float, default: float
) -> None:
    def value(state: ViewState) -> float:
        return float(reduce(getattr, place.split("."), state))  # type: ignore[arg-type]

    assert value(ViewState()) == default
    open_groups(robot, ref.split("/")[-2])
    robot.type_value(ref, "-99999999999" if low < 0 or "seed" not in ref else "0")
    assert value(robot.app.state) == pytest.approx(low)
    robot.type_value(ref, "99999999999")
    assert value(robot.app.state) == pytest.approx(high)
    robot.right_click(ref)
    assert value(robot.app.state) == default


def test_the_cutoff_goes_from_none_to_all_rows_and_follows_the_model(
    robot: Any, golden: Path
) -> None:
    num_ws = robot.app.context.model.num_ws
    robot.type_value(TRUNCATION + "##cutoff", -5)
    assert robot.app.state.truncation.cutoff == 0
    robot.type_value(TRUNCATION + "##cutoff", num_ws - 1)
    assert robot.app.state.truncation.cutoff == num_ws - 1
    robot.type_value(TRUNCATION + "##cutoff", 999)
    assert robot.app.state.truncation.cutoff is None  # all, whichever the model
    robot.type_value(TRUNCATION + "##cutoff", num_ws - 1)
    show(robot, golden / "stylegan2-64.pkl")  # with fewer rows: all of them count
    assert robot.app.shown.result.error is None
    assert robot.app.context.model.num_ws < num_ws


def test_defaults_show_seed_zero_as_it_is() -> None:
    state, settings = ViewState(), Settings()
    assert (state.latent.x, state.latent.y, state.mix.rows) == (0, 0, ())
    assert (state.truncation.cutoff, state.noise.enabled, state.noise.seed) == (None, True, 0)
    assert (state.transform.x, state.transform.y, state.transform.angle_turns) == (0, 0, 0)
    assert (settings.fps_limit, settings.vsync, state.force_fp32) == (60, True, False)


# --- what brings no picture of its own -----------------------------------------------------


def test_what_a_model_lacks_is_greyed_out_with_the_reason(robot: Any, golden: Path) -> None:
    def is_disabled(ref: str) -> bool:
        found: list[int] = []
        robot.do(lambda ui: found.append(int(ui.item_info(ref).item_flags)))
        return bool(found[0] & imgui.ItemFlags_.disabled.value)

    show(robot, golden / "stylegan3-r-64.pkl")
    assert is_disabled(TRUNCATION + "on##noise")
    assert not is_disabled(MOVE + "##x")
    show(robot, golden / "stylegan2-64.pkl")
    assert not is_disabled(TRUNCATION + "on##noise")
    assert is_disabled(MOVE + "##x")


def test_the_pace_is_chosen(robot: Any) -> None:
    settings, room = robot.app.settings, RIGHT + "Performance/"
    robot.open_panel("Performance", "Analysis")
    idling = robot.params.fps_idling
    robot.type_value(room + "##fps", 99999)
    assert settings.fps_limit == 1000
    robot.type_value(room + "##fps", 500)
    robot.frame()
    assert idling.fps_max == 500
    robot.click(room + "Vertical sync##vsync")
    robot.frame()
    assert settings.vsync is idling.vsync_to_monitor is True
    settings.fps_limit, settings.vsync = 1000, False


def test_the_folder_of_pictures_is_typed(robot: Any, tmp_path: Path) -> None:
    robot.open_panel("Capture")
    robot.type_value(LEFT + "Capture/##folder", str(tmp_path / "here"))
    robot.press(imgui.Key.mod_ctrl | imgui.Key.s)
    robot.wait((tmp_path / "here" / "picture_00000.png").exists, "the picture")
    robot.app.settings.capture_folder = ""


def test_a_recent_model_is_opened_again(robot: Any, golden: Path) -> None:
    path = golden / "stylegan3-t-64.pkl"
    robot.app.settings.recent = [str(path)]

    def choose(ui: Any) -> None:
        ui.item_click(MODEL + "Recent")
        ui.item_click("//$FOCUSED/" + f"{path.stem}##{path}".replace("/", "\\/"))

    def act() -> None:
        robot.do(choose)
        robot.wait(lambda: robot.app.state.model == str(path), "the model")

    robot.changed_by(act)


def test_a_model_is_browsed_for(robot: Any, golden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialogs, "are_available", lambda: False)  # then the window has its own
    path = golden / "stylegan3-t-64.pkl"

    def browse(ui: Any) -> None:  # at once: the box shuts when the hand is taken away
        ui.item_click(f"{MODEL}{icons.OPEN}##browse")
        ui.yield_(3)
        ui.item_input_value("//###prompt/##path", str(path))

    def act() -> None:
        robot.do(browse)
        robot.wait(lambda: robot.app.state.model == str(path), "the model")

    robot.changed_by(act)
