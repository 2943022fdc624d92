"""The Layers panel and its keys, in a real window with a real renderer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from imgui_bundle import imgui

from renderer.display import TOO_BRIGHT, TOO_DARK
from renderer.state import LayerState
from visualizer.clipping import (
    MANY,
    MARKS,
    READ_SEC,
    ClippedShare,
    clipped_share,
    describe_share,
)
from visualizer.panels.layers import LayersPanel

pytestmark = pytest.mark.gui
ROOM = "//Analysis/Layers/"


def choose(robot: Any, name: str) -> np.ndarray:
    return np.asarray(robot.changed_by(lambda: robot.click(f"{ROOM}##layers/ {name}")))


def runs(robot: Any) -> int:
    """Networks run for the picture on the screen."""
    return int(robot.app.shown.result.synthesis_runs)


def test_every_listed_layer_of_both_families_can_be_shown(robot: Any, golden: Path) -> None:
    for file in ("stylegan3-t-64.pkl", "stylegan2-64.pkl"):
        robot.open_model(golden / file)
        robot.wait(lambda name=file: name in robot.app.state.model, f"{file} to be loaded")
        robot.settle()
        layers = robot.app.shown.layers
        assert layers[-1].name == "output"
        for info in layers[:-1:5]:
            picture = choose(robot, info.name)
            assert picture.shape[:2] == (info.height, info.width)
            assert robot.app.state.layer.name == info.name
    choose(robot, "output")
    assert robot.app.state.layer.name is None


def test_the_list_opens_with_whole_rows(robot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    follow = LayersPanel._follow
    rows: list[tuple[float, float]] = []

    def look(panel: LayersPanel, *place: Any) -> None:
        follow(panel, *place)
        row_height = place[-1]
        rows.append((imgui.get_scroll_y() / row_height, imgui.get_scroll_max_y() / row_height))

    monkeypatch.setattr(LayersPanel, "_follow", look)
    robot.frame()
    (scrolled, last) = rows[-1]
    assert last > 0
    assert scrolled == int(scrolled)
    assert last == int(last)


def test_gain_channel_and_normalize_show_without_a_network_run(robot: Any) -> None:
    latent = replace(robot.app.state.latent, x=170.0)  # shown by no other test, so not kept
    robot.app.state = replace(robot.app.state, latent=latent)
    choose(robot, "L9_148_64")
    assert runs(robot) == 1
    acts = (
        lambda: robot.click(ROOM + "Channel"),
        lambda: robot.click(ROOM + "+##channel"),
        lambda: robot.type_value(ROOM + "##channel", 40),
        lambda: robot.click(ROOM + "-##channel"),
        lambda: robot.type_value(ROOM + "##gain", -12.5),
        lambda: robot.click(ROOM + "Normalize##normalize"),
        lambda: robot.click(ROOM + "RGB"),
    )
    for act in acts:
        robot.changed_by(act)
        assert runs(robot) == 0
    assert robot.app.state.layer == LayerState("L9_148_64", True, 39, True, -12.5)
    robot.changed_by(lambda: robot.right_click(ROOM + "##gain"))
    assert robot.app.state.layer.scale_db == 0
    robot.changed_by(lambda: robot.type_value(ROOM + "##gain", 1e9))
    assert robot.app.state.layer.scale_db == 40


def test_keys_step_channels_and_layers(robot: Any) -> None:
    robot.changed_by(lambda: robot.press(imgui.Key.page_up, 3))
    assert robot.app.state.layer.name == "L12_148_32"
    robot.changed_by(lambda: robot.press(imgui.Key.period, 5))
    assert robot.app.state.layer.base_channel == 5
    robot.changed_by(lambda: robot.press(imgui.Key.comma))
    assert robot.app.state.layer.base_channel == 4
    robot.press(imgui.Key.comma, 9)
    assert robot.app.state.layer.base_channel == 0
    robot.press(imgui.Key.page_down, 9)
    assert robot.app.state.layer.name is None


def test_the_base_channel_stays_within_a_smaller_layer(robot: Any) -> None:
    choose(robot, "L9_148_64")
    robot.changed_by(lambda: robot.type_value(ROOM + "##channel", 60))
    choose(robot, "L12_148_32")
    assert robot.app.shown.tile.base_channel == 29
    assert robot.app.state.layer.base_channel == 60
    robot.changed_by(lambda: robot.click(ROOM + "-##channel"))
    assert robot.app.state.layer.base_channel == 28


def test_the_choice_survives_a_model_that_lacks_the_layer(robot: Any, golden: Path) -> None:
    choose(robot, "L10_148_57")
    first = robot.app.state.model
    robot.open_model(golden / "stylegan2-64.pkl")
    robot.wait(lambda: robot.app.shown.model.family == "stylegan2", "the other model")
    robot.settle()
    assert robot.app.pixels.shape == (64, 64, 3)
    assert robot.app.state.layer.name == "L10_148_57"
    assert robot.app.shown.result.error is None
    robot.open_model(first)
    robot.wait(lambda: robot.app.shown.model.source == first, "the first model")
    robot.settle()
    assert robot.app.pixels.shape == (148, 148, 3)


def test_statistics_are_of_the_raw_values(robot: Any) -> None:
    choose(robot, "L9_148_64")
    before = robot.app.shown.tile.stats
    robot.changed_by(lambda: robot.type_value(ROOM + "##gain", 20))
    assert robot.app.shown.tile.stats == before
    robot.changed_by(lambda: robot.type_value(ROOM + "##channel", 7))
    after = robot.app.shown.tile.stats
    assert after.mean[0] == before.mean[0]
    assert after.mean[1] != before.mean[1]


def test_clipping_is_marked_where_values_leave_the_range(robot: Any) -> None:
    robot.changed_by(lambda: robot.type_value(ROOM + "##gain", 6))
    marked = robot.changed_by(lambda: robot.click(ROOM + "Mark clipping##mark_outside"))
    assert runs(robot) == 0
    bright = (marked == (240, 50, 60)).all(axis=2)
    dark = (marked == (40, 90, 240)).all(axis=2)
    assert bright.any()
    assert dark.any()
    plain = robot.changed_by(lambda: robot.click(ROOM + "Mark clipping##mark_outside"))
    assert (plain[bright] == 255).any(axis=1).all()
    assert (plain[dark] == 0).any(axis=1).all()


def test_a_layer_that_is_mostly_clipped_says_so_and_has_a_remedy(robot: Any, golden: Path) -> None:
    robot.open_model(golden / "stylegan3-r-64.pkl")
    robot.wait(lambda: "stylegan3-r" in robot.app.state.model, "the model to be loaded")
    robot.settle()
    choose(robot, robot.app.shown.layers[3].name)
    robot.type_value(f"{ROOM}##gain", 30)
    robot.settle()
    share = clipped_share(robot.app.shown)
    assert share > MANY
    values = robot.app.pixels
    assert share == np.mean(np.any((values == 0) | (values == 255), axis=2))
    marked = robot.changed_by(lambda: robot.click(f"{ROOM}Mark clipping##mark_outside"))
    assert set(MARKS) == {TOO_BRIGHT, TOO_DARK}
    assert {tuple(color) for color in marked.reshape(-1, 3)} & set(MARKS)
    assert clipped_share(robot.app.shown) == pytest.approx(share, abs=0.01)
    robot.changed_by(lambda: robot.click(f"{ROOM}Mark clipping##mark_outside"))
    robot.type_value(f"{ROOM}##gain", 10)
    robot.changed_by(lambda: robot.click(f"{ROOM}###remedy"))
    assert robot.app.state.layer.normalize
    absent = replace(robot.app.state.layer, name="absent", normalize=False, scale_db=30.0)
    robot.app.change(replace(robot.app.state, layer=absent))
    robot.settle()
    assert clipped_share(robot.app.shown) > MANY
    seen: list[bool] = []
    robot.do(lambda ui: seen.append(ui.item_exists(f"{ROOM}###remedy")))
    assert seen == [False]  # the picture is shown in its place


def test_a_little_clipped_is_not_none() -> None:
    assert describe_share(0.0) == "0 %"
    assert describe_share(0.002) == "< 1 %"
    assert describe_share(0.006) == "1 %"
    assert describe_share(0.91) == "91 %"


def test_the_spectrum_beside_the_picture_is_not_counted_as_clipped(robot: Any) -> None:
    share = clipped_share(robot.app.shown)
    shown = replace(robot.app.state.spectrum, show=True)
    robot.app.change(replace(robot.app.state, spectrum=shown))
    robot.settle()
    assert clipped_share(robot.app.shown) == share


def test_the_clipped_share_follows_pictures_of_one_view_a_few_times_a_second(robot: Any) -> None:
    reader, shown = ClippedShare(), robot.app.shown
    white = replace(shown, pixels=np.full_like(shown.pixels, 255))
    share = reader.share_of(shown, 10.0)
    assert share == clipped_share(shown) < 1
    assert reader.share_of(white, 10.0 + READ_SEC / 2) == share
    assert reader.share_of(white, 10.0 + READ_SEC) == 1
    view = shown.result.request.views[0]
    louder = replace(view, display=replace(view.display, scale_db=3.0))
    request = replace(shown.result.request, views=(louder,))
    other = replace(shown, result=replace(shown.result, request=request))
    assert reader.share_of(other, 10.0 + READ_SEC) == share  # of another view: at once
