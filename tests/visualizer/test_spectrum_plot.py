"""The plot of a spectrum: its limits, marks and readings."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from imgui_bundle import ImVec4

from renderer.messages import LayerInfo, Profile, View
from visualizer.spectrum_plot import Curve, curves_of, limits_of, marks_of, read_at

WHITE = ImVec4(1, 1, 1, 1)


def curve(frequencies: Any, power_db: Any) -> Curve:
    return Curve("c", np.asarray(frequencies, float), np.asarray(power_db, float), WHITE)


def profile(**changes: Any) -> Profile:
    values: dict[str, Any] = {
        "view": View("m"),
        "layer": LayerInfo("L9", 3, 8, 8, "float32"),
        "frequencies": (0.0, 1.0, 2.0),
        "radial_db": (-300.0, 10.0, -10.0),
        "horizontal_db": (1.0, 2.0, 3.0),
        "vertical_db": (4.0, 5.0, 6.0),
        "diagonal_frequencies": (0.0, 1.4, 2.8),
        "diagonal_db": (7.0, 8.0, 9.0),
        "nyquist": 4.0,
        "cutoff": 1.5,
        "stopband": 2.5,
        "out_of_band_db": -40.0,
    }
    return Profile(**{**values, **changes})


def test_each_kind_has_its_own_curve() -> None:
    first = {kind: curves_of(profile(), kind)[1][0] for kind in ("Horizontal", "Vertical")}
    assert first == {"Horizontal": 1.0, "Vertical": 4.0}
    frequencies, power_db = curves_of(profile(), "Diagonal")
    assert (frequencies[1], power_db[1]) == (1.4, 8.0)


def test_marks_are_those_of_the_design() -> None:
    assert [(m.name, m.frequency) for m in marks_of(profile())] == [
        ("cutoff", 1.5),
        ("stopband", 2.5),
        ("Nyquist", 4.0),
    ]
    assert [m.name for m in marks_of(profile(cutoff=None, stopband=None))] == ["Nyquist"]


def test_limits_are_whole_steps_and_the_removed_mean_does_not_count() -> None:
    assert limits_of([curve([0, 1, 2], [-130, 31, -47])]) == (-60, 40)
    assert limits_of([curve([0, 1], [0, -5]), curve([0, 1], [0, 35])]) == (-20, 40)
    low, high = limits_of([curve([0, 1, 2], [-300, -300, math.nan])])
    assert low < high


def test_a_reading_is_at_a_bin_of_the_first_curve() -> None:
    reading = read_at([curve([0, 1, 2], [5, 6, 7]), curve([0, 4], [0, 8])], 1.4)
    assert reading.frequency == 1.0
    assert reading.power_db == pytest.approx((6.0, 2.0))
    beyond = read_at([curve([0, 9], [5, 6]), curve([0, 4], [0, 8])], 9.0)
    assert math.isnan(beyond.power_db[1])
