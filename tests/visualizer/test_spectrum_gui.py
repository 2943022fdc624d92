"""The Spectrum panel, in a real window with a real renderer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from imgui_bundle import imgui

from renderer.messages import Profile, SpectrumProfile
from renderer.state import SpectrumState
from visualizer.panels.spectrum import TOPIC, SpectrumPanel, profile_view
from visualizer.spectrum_plot import Reading

pytestmark = pytest.mark.gui
ROOM = "//Analysis/Spectrum/"


@pytest.fixture
def panel(robot: Any) -> SpectrumPanel:
    """The open panel, everything else in its column shut; nothing pinned."""
    robot.open_panel("Spectrum", "Analysis")
    found = next(p for p in robot.window.right if isinstance(p, SpectrumPanel))
    found.__init__(robot.app.context)  # type: ignore[misc]
    return found


def question(robot: Any) -> SpectrumProfile:
    view = robot.app.shown.result.request.views[0]
    return SpectrumProfile(profile_view(view, robot.app.state.spectrum))


def profile(robot: Any) -> Profile:
    """The curves of what is shown now."""
    robot.settle()
    inquiries = robot.app.inquiries
    robot.wait(lambda: inquiries.is_current(TOPIC, question(robot)), "the curves")
    answer: Profile | None = inquiries.ask(TOPIC, question(robot), Profile)
    assert answer is not None
    return answer


def show_layer(robot: Any, name: str | None) -> None:
    robot.app.state = replace(robot.app.state, layer=replace(robot.app.state.layer, name=name))


def test_the_picture_of_the_spectrum_stands_beside_the_picture(
    robot: Any, panel: SpectrumPanel
) -> None:
    show_layer(robot, "L9_148_64")
    assert robot.settle().shape == (148, 148, 3)
    acts: tuple[Callable[[], object], ...] = (
        lambda: robot.click(ROOM + "Beside the picture##show"),
        lambda: robot.click(ROOM + "All"),
        lambda: robot.type_value(ROOM + "##range", 30),
        lambda: robot.type_value(ROOM + "##beta", 2),
    )
    for act in acts:
        assert robot.changed_by(act).shape == (148, 296, 3)
        assert robot.app.shown.result.synthesis_runs == 0
    assert robot.app.state.spectrum == SpectrumState(True, True, 30, 2)
    robot.changed_by(lambda: robot.right_click(ROOM + "##beta"))
    robot.changed_by(lambda: robot.type_value(ROOM + "##range", 0))
    assert robot.app.state.spectrum == SpectrumState(True, True, 0.1, 8)


def test_curves_follow_the_shown_layer_and_run_no_network(robot: Any, panel: SpectrumPanel) -> None:
    show_layer(robot, "L9_148_64")
    first = profile(robot)
    assert first.layer.name == "L9_148_64"
    assert first.synthesis_runs == 0
    robot.click(ROOM + "All")
    assert profile(robot).radial_db != first.radial_db
    robot.type_value(ROOM + "##beta", 0)
    no_window = profile(robot)
    assert no_window.synthesis_runs == 0
    show_layer(robot, "L3_52_64")
    assert profile(robot).layer.name == "L3_52_64"


def test_the_design_of_the_layer_is_drawn_in(robot: Any, panel: SpectrumPanel) -> None:
    show_layer(robot, "L9_148_64")
    found = profile(robot)
    assert found.cutoff is not None
    assert found.stopband is not None
    assert 0 < found.cutoff < found.stopband
    assert found.nyquist == pytest.approx(64)
    assert found.out_of_band_db is not None
    assert found.out_of_band_db < -20


def test_gain_asks_for_no_other_curves(robot: Any, panel: SpectrumPanel) -> None:
    before = profile(robot)
    robot.changed_by(lambda: robot.type_value("//Analysis/Layers/##gain", 12))
    assert profile(robot) is before


def test_a_pinned_curve_stays_when_the_layer_changes(robot: Any, panel: SpectrumPanel) -> None:
    show_layer(robot, "L9_148_64")
    profile(robot)
    robot.frame()
    robot.click(ROOM + "###pin")
    show_layer(robot, "L3_52_64")
    profile(robot)
    robot.frame()
    assert [curve.name.split(" ")[0] for curve in panel.pins] == ["L9_148_64"]
    robot.click(ROOM + "###pin")
    assert len({(c.color.x, c.color.y) for c in panel.pins}) == 2
    robot.click(ROOM + "###unpin0")
    assert [curve.name.split(" ")[0] for curve in panel.pins] == ["L3_52_64"]
    robot.click(ROOM + "Unpin all")
    assert panel.pins == []


def read_curve(robot: Any, panel: SpectrumPanel) -> Reading:
    """What the panel reads with the mouse over its plot."""
    robot.do(lambda ui: ui.mouse_move(ROOM + "###pin"))  # below the plot: scrolls it into sight
    plot = panel.plot
    readings: list[Reading | None] = []

    def body(ui: Any) -> None:
        ui.mouse_move_to_pos(imgui.ImVec2(plot.x + plot.width * 0.6, plot.y + plot.height * 0.7))
        readings.append(panel.reading)

    robot.do(body)
    assert readings[0] is not None
    return readings[0]


def test_the_mouse_reads_the_curve(robot: Any, panel: SpectrumPanel) -> None:
    show_layer(robot, "L9_148_64")
    found = profile(robot)
    reading = read_curve(robot, panel)
    idx = found.frequencies.index(reading.frequency)
    assert reading.power_db[0] == pytest.approx(found.radial_db[idx])
    robot.click(ROOM + "###Diagonal")
    assert read_curve(robot, panel).frequency in found.diagonal_frequencies
