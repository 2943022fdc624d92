"""The contact sheet in a real window with a real renderer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from imgui_bundle import imgui

from visualizer.panels.contact_sheet import ContactSheetPanel

pytestmark = pytest.mark.gui


@pytest.fixture
def sheet(robot: Any) -> Iterator[ContactSheetPanel]:
    """The open sheet of a layer of 64 channels."""
    state = robot.app.state
    robot.app.state = replace(state, layer=replace(state.layer, name="L9_148_64"))
    robot.settle()
    robot.press(imgui.Key.c)
    panel: ContactSheetPanel = robot.window.viewport.sheet
    assert panel.is_open
    wait_for(robot, panel, "L9_148_64")
    yield panel
    panel.is_open = False
    panel.order = "Channel"


def wait_for(robot: Any, panel: ContactSheetPanel, name: str) -> None:
    robot.wait(
        lambda: panel.data is not None and panel.data.sheet.layer.name == name, "the sheet of names"
    )
    robot.frame()


def click_place(robot: Any, panel: ContactSheetPanel, idx: int, double: bool = False) -> None:
    place = panel.grid.place(idx)

    def body(ui: Any) -> None:
        ui.mouse_move_to_pos(imgui.ImVec2(place.x + 10, place.y + 10))
        if double:
            ui.mouse_double_click(0)
        else:
            ui.mouse_click(0)

    robot.do(body)


def test_a_click_shows_the_channel(robot: Any, sheet: ContactSheetPanel) -> None:
    assert sheet.channels == list(range(64))
    robot.changed_by(lambda: click_place(robot, sheet, 11))
    assert (robot.app.state.layer.rgb, robot.app.state.layer.base_channel) == (False, 11)
    assert robot.app.shown.result.synthesis_runs == 0
    click_place(robot, sheet, 3, double=True)
    assert not sheet.is_open
    assert robot.app.state.layer.base_channel == 3


def test_thumbnails_are_the_channels(robot: Any, sheet: ContactSheetPanel) -> None:
    assert sheet.data is not None
    robot.changed_by(lambda: click_place(robot, sheet, 20))
    robot.app.state = replace(robot.app.state, layer=replace(robot.app.state.layer, normalize=True))
    picture = robot.settle()[..., 0].astype(float)
    atlas, size = sheet.data.atlas, sheet.data.sheet.thumb_height
    row, column = divmod(20, sheet.data.sheet.columns)
    thumb = atlas[row * size : (row + 1) * size, column * size : (column + 1) * size, 0]
    places = (np.arange(size) + 0.5) * picture.shape[0] / size
    nearest = picture[places.astype(int)][:, places.astype(int)]
    assert np.abs(nearest - thumb).mean() < 4  # averaged pixels against single ones
    mirrored = np.abs(nearest[:, ::-1] - thumb).mean()
    assert mirrored > 8


def test_orders_put_the_largest_first(robot: Any, sheet: ContactSheetPanel) -> None:
    assert sheet.data is not None
    found = sheet.data.sheet
    for order, values in (
        ("Variance", found.variance),
        ("Largest", found.max_abs),
        ("Out of band", found.out_of_band_db),
    ):
        robot.click(f"//Picture/{order}")
        sorted_values = [values[channel] for channel in sheet.channels]
        assert sorted_values == sorted(values, reverse=True)
    robot.changed_by(lambda: click_place(robot, sheet, 0))
    most = int(np.argmax(found.out_of_band_db))
    assert robot.app.state.layer.base_channel == most


def test_the_sheet_follows_the_layer(robot: Any, sheet: ContactSheetPanel) -> None:
    robot.click("//Picture/Out of band")
    state = robot.app.state
    robot.app.state = replace(state, layer=replace(state.layer, name=None))
    wait_for(robot, sheet, "output")
    assert len(sheet.channels) == 3
    robot.press(imgui.Key.c)
    assert not sheet.is_open


def test_the_histogram_counts_every_value(robot: Any, sheet: ContactSheetPanel) -> None:
    robot.press(imgui.Key.c)
    robot.open_panel("Layers/Histogram", "Analysis")
    robot.frame()
    assert sheet.data is not None
    counts = sheet.data.histograms.sum(axis=1)
    assert (counts == 148 * 148).all()
    robot.do(lambda ui: ui.item_close("//Analysis/Layers/Histogram"))


def test_thumbnails_are_drawn_together(robot: Any, sheet: ContactSheetPanel) -> None:
    """One change of texture per thumbnail would cost more than all their pixels."""

    def count() -> int:
        robot.frame()
        lists = imgui.get_draw_data().cmd_lists
        return sum(len(part.cmd_buffer) for part in lists)

    with_sheet = count()
    sheet.is_open = False
    assert with_sheet < count() + 12, f"{len(sheet.channels)} thumbnails"
