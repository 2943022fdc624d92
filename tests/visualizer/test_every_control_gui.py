"""What holds for every control of every panel: explained, reset by a right click, clamped."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from imgui_bundle import imgui

from renderer.state import (
    RANGES,
    LabelState,
    LatentState,
    LayerState,
    NoiseState,
    SpectrumState,
    StyleMixState,
    TransformState,
    TruncationState,
    ViewState,
)
from visualizer import comparison, controls
from visualizer.panels import registry

pytestmark = pytest.mark.gui
VALUES = ("number", "integer", "seed", "toggle")
MODES = ("Blink", "Difference")  # of the comparison: each has controls of its own


@pytest.fixture
def panels(robot: Any, golden: Path) -> Iterator[Any]:
    """The robot with every panel open, on a model with classes, with a picture to compare with."""
    set_open(True)
    path = str(golden / "stylegan2-cond-32.pkl")
    robot.app.models.open(path)
    robot.wait(lambda: robot.app.state.model == path, "the conditional model")
    robot.app.change(comparison.pin(robot.app.state, "Blink"))
    robot.app.context.pointer.pinned = (3, 3)
    robot.settle()
    yield robot
    robot.app.context.pointer.pinned = None
    set_open(False)


def set_open(wanted: bool) -> None:
    for name in ("Controls", "Analysis"):
        window = imgui.internal.find_window_by_name(name)
        for title in registry.SHUT:
            window.state_storage.set_int(window.get_id(title), int(wanted))


def in_every_mode(robot: Any) -> Iterator[None]:
    """Frames in which, together, every control is drawn."""
    for mode in MODES:
        compared = replace(robot.app.state.comparison, mode=mode)
        robot.app.change(replace(robot.app.state, comparison=compared))
        robot.settle()
        yield


def watch(
    patch: pytest.MonkeyPatch, name: str, then: Callable[[str, dict[str, Any]], None]
) -> None:
    """Call `then` with the panel-wide name and the arguments of each control drawn."""
    inner = getattr(controls, name)

    def watched(*arguments: Any, **named: Any) -> Any:
        answer = inner(*arguments, **named)
        then(f"{name} {arguments[0]!r}", named | dict(enumerate(arguments)))
        return answer

    patch.setattr(controls, name, watched)


def test_every_control_has_a_tooltip(panels: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: set[str] = set()
    explained: set[str] = set()
    texts: list[str] = []
    inner = controls.tooltip

    def tooltip(text: str) -> None:
        inner(text)
        texts.append(text)

    def note(control: str, _: dict[str, Any]) -> None:
        drawn.add(control)
        if texts and texts[-1]:
            explained.add(control)
        texts.clear()

    monkeypatch.setattr(controls, "tooltip", tooltip)
    for name in (*VALUES, "button"):
        watch(monkeypatch, name, note)
    for _ in in_every_mode(panels):
        texts.clear()
        panels.frame()
    assert len(drawn) > 60
    assert drawn == explained, f"without a tooltip: {sorted(drawn - explained)}"


def test_what_is_scrolled_out_of_sight_is_not_drawn(
    panels: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[float, float]] = []

    class Field(controls._Field):
        def __init__(self) -> None:
            super().__init__()
            drawn.append((self.top, self.bottom))

    monkeypatch.setattr(controls, "_Field", Field)
    panels.frame()
    column = imgui.internal.find_window_by_name("Controls")
    top, bottom = column.pos.y, column.pos.y + column.size.y
    assert column.scroll_max.y > 300
    assert len(drawn) > 10
    assert all(high > top and low < bottom for low, high in drawn)


def changed_state(state: ViewState) -> ViewState:
    """Nothing that a control holds is at its default."""
    return replace(
        state,
        latent=LatentState(3.25, -2.5, True, 1.5),
        label=LabelState(1, 2, 0.5),
        mix=StyleMixState(7, (), True),
        truncation=TruncationState(0.5, 2),
        noise=NoiseState(False, 5, True),
        transform=TransformState(0.5, 0.25, 0.1, True, 0.2, True, 0.3, True, True),
        layer=LayerState(None, True, 0, True, 3.0, True),
        spectrum=SpectrumState(True, False, 20.0, 3.0),
        comparison=replace(state.comparison, blink_hz=4.0, gain_db=6.0, in_colors=True),
        force_fp32=True,
    )


def test_a_right_click_resets_every_value(panels: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    app = panels.app
    default = app.state
    fps_limit, vsync = app.settings.fps_limit, app.settings.vsync
    app.settings.vsync = app.settings.save_metadata = False
    app.state = changed_state(app.state)
    for mode in MODES:
        app.state = replace(app.state, comparison=replace(app.state.comparison, mode=mode))
        with monkeypatch.context() as patch:
            patch.setattr(controls, "_reset_clicked", lambda: True)
            panels.frame()
    reset = (app.settings.fps_limit, app.settings.vsync, app.settings.save_metadata)
    app.settings.fps_limit, app.settings.vsync = fps_limit, vsync
    assert reset == (60, True, True)
    assert replace(app.state, comparison=default.comparison) == default
    compared = replace(app.state.comparison, mode="Blink")
    assert compared == default.comparison


@pytest.mark.parametrize("value", [1e30, -1e30])
def test_every_typed_value_is_clamped(
    panels: Any, monkeypatch: pytest.MonkeyPatch, value: float
) -> None:
    """Whatever Dear ImGui returns: the value is within the limits that the control names."""
    app = panels.app
    limits = app.settings.fps_limit
    drawn: set[str] = set()
    wrong: list[str] = []

    def compare(patch: pytest.MonkeyPatch, name: str) -> None:
        inner = getattr(controls, name)

        def watched(control: str, *arguments: Any, **named: Any) -> Any:
            answer = inner(control, *arguments, **named)
            low, high = named["limits"]
            drawn.add(control)
            if answer != (high if value > 0 else low):
                wrong.append(f"{control}: {answer} is not an end of {low}…{high}")
            return answer

        patch.setattr(controls, name, watched)

    for _ in in_every_mode(panels):
        with monkeypatch.context() as patch:
            patch.setattr(imgui, "drag_float", lambda *_: (True, value))
            patch.setattr(imgui, "drag_int", lambda *_: (True, int(value)))
            compare(patch, "number")
            compare(patch, "integer")
            panels.frame()
    app.settings.fps_limit = limits
    assert len(drawn) > 15
    assert not wrong, "\n".join(wrong)
    assert_in_range(app.state)


def assert_in_range(state: ViewState) -> None:
    for place, (low, high) in RANGES.items():
        value: Any = state
        for part in place.split("."):
            value = getattr(value, part)
        values = value if isinstance(value, tuple) else (value,)
        for number in itertools.filterfalse(lambda v: v is None, values):
            assert low <= number <= high, f"{place} is {number}"
