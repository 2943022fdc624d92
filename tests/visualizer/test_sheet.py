"""A contact sheet as the window keeps it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from renderer.messages import DisplaySpec, LayerInfo, Sheet, SpectrumSpec, View
from visualizer.histogram_plot import histogram_of
from visualizer.panels.contact_sheet import Grid, fitting_size
from visualizer.sheet import ORDERS, sheet_question, unpack

VIEW = View("m", display=DisplaySpec("L9"))
LAYER = LayerInfo("L9", 5, 40, 40, "float32")


def make(out_of_band_db: tuple[float, ...] = ()) -> Sheet:
    """Five channels in three columns, each thumbnail of 4×6 filled with its number."""
    atlas = np.zeros((2 * 4, 3 * 6), np.uint8)
    for channel in range(5):
        row, column = divmod(channel, 3)
        atlas[row * 4 : row * 4 + 4, column * 6 : column * 6 + 6] = channel + 1
    histograms = np.tile(np.array([1, 2, 3, 2], "<u4"), (5, 1))
    zeros = (0.0,) * 5
    return Sheet(
        view=VIEW,
        layer=LAYER,
        thumb_height=4,
        thumb_width=6,
        columns=3,
        rows=2,
        atlas=atlas.tobytes(),
        mean=zeros,
        std=zeros,
        variance=(0.5, 2.0, 0.1, 2.0, 1.0),
        max_abs=(1.0, 2.0, 3.0, 4.0, 5.0),
        out_of_band_db=out_of_band_db,
        num_bins=4,
        histograms=histograms.tobytes(),
    )


def test_thumbnails_are_found_in_the_atlas() -> None:
    data = unpack(make())
    height, width = data.atlas.shape[:2]
    for channel in range(5):
        u0, v0, u1, v1 = data.corner(channel)
        part = data.atlas[
            int(v0 * height) : int(np.ceil(v1 * height)), int(u0 * width) : int(np.ceil(u1 * width))
        ]
        assert (part == channel + 1).all()


def test_the_largest_comes_first_and_equals_keep_their_order() -> None:
    data = unpack(make((-30.0, -10.0, -20.0, -50.0, -40.0)))
    assert data.sorted_channels("Channel").tolist() == [0, 1, 2, 3, 4]
    assert data.sorted_channels("Variance").tolist() == [1, 3, 4, 0, 2]
    assert data.sorted_channels("Largest").tolist() == [4, 3, 2, 1, 0]
    assert data.sorted_channels("Out of band").tolist() == [1, 2, 0, 4, 3]
    assert data.orders == ORDERS
    assert data.describe(1, "Out of band") == "−10 dB"


def test_without_a_designed_band_none_is_out_of_it() -> None:
    data = unpack(make())
    assert "Out of band" not in data.orders
    assert data.sorted_channels("Out of band").tolist() == [0, 1, 2, 3, 4]


def test_nothing_is_out_of_a_square_band_that_reaches_nyquist() -> None:
    sheet = make((-120.0,) * 5)
    for cutoff, radial, known in ((16.0, False, False), (16.0, True, True), (8.0, False, True)):
        layer = replace(LAYER, sampling_rate=32.0, cutoff=cutoff, is_radial=radial)
        data = unpack(replace(sheet, layer=layer))
        assert ("Out of band" in data.orders) == known
        assert (data.describe(0, "Out of band") != "") == known


def test_the_shown_channels_and_gain_do_not_change_the_question() -> None:
    display = DisplaySpec(
        "L9",
        num_channels=1,
        base_channel=7,
        normalize=True,
        scale_db=12.0,
        mark_outside=True,
        spectrum=SpectrumSpec(),
    )
    assert sheet_question(replace(VIEW, display=display)) == sheet_question(VIEW)
    moved = replace(VIEW, display=replace(VIEW.display, untransform=True))
    assert sheet_question(moved) != sheet_question(VIEW)


def test_a_place_of_the_grid_is_found_again() -> None:
    grid = Grid(100.0, 50.0, 20.0, 30.0, 4)
    for idx in (0, 3, 4, 11):
        place = grid.place(idx)
        assert grid.index_at(*place.center) == idx
    assert grid.index_at(99.0, 60.0) == -1
    assert grid.index_at(181.0, 60.0) == -1


def test_a_histogram_spans_the_channels_values() -> None:
    middles, shares = histogram_of(make(), 3)
    assert middles.tolist() == [-3.0, -1.0, 1.0, 3.0]
    assert shares.tolist() == [0.125, 0.25, 0.375, 0.25]


def test_few_channels_are_shown_larger() -> None:
    assert fitting_size(3, 45.0, 40.0) == 2
    assert fitting_size(128, 130.0, 90.0) == 2  # 15 columns and 9 rows
    assert fitting_size(128, 130.0, 80.0) == 1
    assert fitting_size(1024, 130.0, 90.0) == 1
    assert fitting_size(0, 0.0, 0.0) == 2
