"""Where the last picture stands while the true one is computed, and when."""

from __future__ import annotations

import math
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from renderer.messages import View
from renderer.state import SpectrumState, TransformState, ViewState, to_view
from visualizer.app import App
from visualizer.camera import Rect
from visualizer.comparison import pin
from visualizer.settings import Settings
from visualizer.stand_in import PENDING_SEC, SLOW_SEC, StandIn, change_between, moved_corners

PICTURE = Rect(100, 50, 200, 200)


def view(**changes: Any) -> View:
    return to_view(ViewState(transform=TransformState(**changes)), "main")


def corners(before: View, wanted: View, width_px: int = 64) -> np.ndarray:
    change = change_between(before, wanted, width_px)
    assert change is not None
    return np.array(moved_corners(change, PICTURE))


SQUARE = np.array([[100, 50], [300, 50], [300, 250], [100, 250]])


def test_a_translation_moves_right_and_down() -> None:
    moved = corners(view(x=0.1, y=-0.2), view(x=0.35, y=0.0))
    np.testing.assert_allclose(moved, SQUARE + np.array([50, 40]))


def test_a_rotation_turns_counter_clockwise_about_the_center() -> None:
    moved = corners(view(), view(angle_turns=0.25))
    np.testing.assert_allclose(moved, SQUARE[[3, 0, 1, 2]], atol=1e-9)  # upper left → lower left
    eighth = corners(view(), view(angle_turns=0.125))
    np.testing.assert_allclose(eighth[1], [200, 150 - 100 * math.sqrt(2)], atol=1e-9)


def test_a_rotation_of_a_moved_picture_turns_about_where_it_stood() -> None:
    """The whole picture turns about the frame's centre when its translation turns, too."""
    before = view(x=0.5)
    turned = view(x=0.0, y=-0.5, angle_turns=0.25)  # as the ring handle changes it
    change = change_between(before, turned, 64)
    assert change is not None
    center = np.array(change) @ [0, 0, 1]
    np.testing.assert_allclose(center[:2], [0, 0], atol=1e-12)


def test_translations_rounded_to_pixels_move_by_pixels() -> None:
    before, wanted = view(round_to_px=True), view(x=0.03, round_to_px=True)
    assert change_between(before, wanted, 10) is None
    np.testing.assert_allclose(corners(before, wanted, 64), SQUARE + np.array([200 * 2 / 64, 0]))


def test_nothing_moves_where_that_would_be_untrue() -> None:
    def shown(state: ViewState, model: str = "a") -> tuple[View, View]:
        state = replace(state, model=model)
        moved = replace(state, transform=replace(state.transform, x=0.2))
        return to_view(state, "main"), to_view(moved, "main")

    plain = ViewState()
    assert change_between(*shown(plain), 64) is not None
    output = replace(plain, layer=replace(plain.layer, name="output"))
    assert change_between(*shown(output), 64) is not None
    layer = replace(plain, layer=replace(plain.layer, name="L0_36_512"))
    spectrum = replace(plain, spectrum=SpectrumState(show=True))
    back = replace(plain, transform=TransformState(untransform=True))
    for state in (layer, spectrum, back):
        assert change_between(*shown(state), 64) is None
    assert change_between(shown(plain)[0], shown(plain, "b")[1], 64) is None
    same = to_view(replace(plain, latent=replace(plain.latent, x=3.0)), "main")
    assert change_between(to_view(plain, "main"), same, 64) is None


class Clock:
    """An app that shows one picture and is owed the next since second 100."""

    def __init__(self, fakes: ModuleType, monkeypatch: pytest.MonkeyPatch, state: ViewState):
        self.now_sec = 100.0
        monkeypatch.setattr("visualizer.app.time.perf_counter", lambda: self.now_sec)
        renderer = fakes.FakeRenderer()
        self.app = App(renderer, Settings(), ViewState())
        for _ in range(2):
            self.app.begin_frame()
            self.app.end_frame(gesture_open=False)
        self.app.state = state
        self.app.end_frame(gesture_open=False)
        renderer.events = []
        self.stand_in = StandIn(self.app, lambda: self.now_sec)

    def at(self, seconds: float) -> tuple[bool, str]:
        """Whether the picture moves that long after it was asked for, and its mark."""
        self.now_sec = 100.0 + seconds
        self.stand_in.follow()
        return self.stand_in.change is not None, self.stand_in.text


def test_the_last_picture_moves_once_the_true_one_is_late(
    fakes: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(fakes, monkeypatch, ViewState(transform=TransformState(x=0.1)))
    assert clock.at(SLOW_SEC * 0.9) == (False, "")
    assert clock.at(SLOW_SEC * 1.1) == (True, "preview")
    shown = clock.app.shown
    assert shown is not None
    slow = replace(shown.result, render_ms=SLOW_SEC * 2e3)
    clock.app.shown = replace(shown, result=slow)
    assert clock.at(0.001) == (True, "preview"), "it will be late"


def test_a_picture_that_cannot_move_is_marked_after_a_while(
    fakes: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = ViewState(latent=replace(ViewState().latent, x=2.0))
    clock = Clock(fakes, monkeypatch, state)
    assert clock.at(PENDING_SEC * 0.9) == (False, "")
    assert clock.at(PENDING_SEC * 1.1) == (False, "being computed…")


def test_a_late_picture_beside_another_stays_and_is_marked(
    fakes: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = pin(ViewState(transform=TransformState(x=0.1)), "Side by side")
    clock = Clock(fakes, monkeypatch, state)
    clock.app.context.comparison.follow(state)
    assert clock.at(SLOW_SEC * 1.1) == (False, "")
    assert clock.at(PENDING_SEC * 1.1) == (False, "being computed…")


def test_nothing_stands_in_for_a_picture_that_is_there(
    fakes: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(fakes, monkeypatch, ViewState())
    assert clock.at(10.0) == (False, "")
