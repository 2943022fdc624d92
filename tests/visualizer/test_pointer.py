"""The pixel pointed at: its place, its values, how they are written."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from renderer.messages import DisplaySpec, LayerInfo, Probe, SpectrumSpec, View
from visualizer.pointer import (
    REGION_PX,
    describe_value,
    position_of,
    raw_view,
    region_around,
    value_at,
)

VIEW = View("m", display=DisplaySpec("L9", scale_db=6.0, spectrum=SpectrumSpec()))
LAYER = LayerInfo("L9", 3, 148, 148, "float32", sampling_rate=128.0)


def test_margins_lie_beyond_half_a_width() -> None:
    assert position_of((73, 74), LAYER).x_widths == pytest.approx(-0.5 / 128)
    assert position_of((74, 73), LAYER).x_widths == pytest.approx(0.5 / 128)
    assert position_of((0, 0), LAYER).y_widths < -0.5
    whole = replace(LAYER, sampling_rate=None)
    assert position_of((0, 147), whole).x_widths == pytest.approx(-0.5 + 0.5 / 148)
    assert position_of((0, 147), whole).y_widths == pytest.approx(0.5 - 0.5 / 148)


def test_the_region_around_a_place_contains_its_neighbours() -> None:
    for x, y in ((0, 0), (31, 32), (1000, 517)):
        region = region_around((x, y), VIEW)
        for dx, dy in ((-8, -8), (8, 8)):
            assert region.x0 <= x + dx < region.x0 + REGION_PX
            assert region.y0 <= y + dy < region.y0 + REGION_PX


def test_a_moving_mouse_seldom_asks_again() -> None:
    questions = {region_around((x, 40), VIEW) for x in range(200)}
    assert len(questions) <= 8


def test_gain_does_not_change_the_question() -> None:
    other = replace(VIEW, display=replace(VIEW.display, scale_db=-3.0, normalize=True))
    assert region_around((5, 5), VIEW) == region_around((5, 5), other)


def test_values_are_found_only_in_their_own_picture() -> None:
    values = np.arange(3 * 4 * 5, dtype="<f4").reshape(3, 4, 5)
    probe = Probe(raw_view(VIEW), LAYER, 10, 20, 4, 5, 0, 3, values.tobytes())
    found = value_at(probe, (22, 11), VIEW)
    assert found is not None
    assert found.tolist() == values[:, 1, 2].tolist()
    assert value_at(probe, (19, 11), VIEW) is None
    assert value_at(probe, (25, 11), VIEW) is None
    assert value_at(probe, (22, 11), replace(VIEW, model="other")) is None
    assert value_at(None, (22, 11), VIEW) is None


@pytest.mark.parametrize(
    ("value", "room", "text"),
    [
        (0.93456, 6, "+0.935"),
        (-12.41, 6, "−12.41"),
        (-0.004, 5, "−0.00"),
        (0.0, 6, "+0.000"),
        (1.3e5, 6, "+1.3e5"),
        (-2e-7, 6, "−2.0e−7"),
        (float("inf"), 6, "inf"),
        (float("nan"), 6, "nan"),
    ],
)
def test_values_are_short(value: float, room: int, text: str) -> None:
    assert describe_value(value, room) == text
