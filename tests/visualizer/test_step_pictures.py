"""Pictures of steps that were passed by too quickly."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from imgui_bundle import imgui

from renderer.messages import RenderRequest, RenderResult
from renderer.state import LatentState, ViewState
from visualizer.app import App
from visualizer.settings import Settings
from visualizer.step_pictures import NAME
from visualizer.thumbnails import THUMB_PX, shrink


def at(state: ViewState, x: float) -> ViewState:
    return replace(state, latent=LatentState(x=x))


def names(request: RenderRequest) -> list[str]:
    return [view.name for view in request.views]


class Quick:
    """An app whose history panel sees every step, after two quick ones."""

    def __init__(self, fakes: ModuleType, answers_steps: bool) -> None:
        outer = self

        class Renderer(fakes.FakeRenderer):  # type: ignore[name-defined,misc]
            def _answer(self, stamp: int, request: RenderRequest) -> RenderResult:
                result = super()._answer(stamp, request)
                (tile,) = result.tiles
                step = replace(tile, name=NAME)
                is_asked = NAME in names(request) and outer.answers_steps
                return replace(result, tiles=(tile, step) if is_asked else (tile,))

        self.answers_steps = answers_steps
        self.renderer: Any = Renderer()
        self.app = App(self.renderer, Settings(), ViewState())
        self.frame()
        self.passed, self.last = (at(self.app.state, x) for x in (1.0, 2.0))
        self.app.change(self.passed)
        self.app.change(self.last)

    def frame(self, gesture_open: bool = False) -> None:
        app = self.app
        app.begin_frame()
        for step in app.history.undo_steps():
            if app.context.thumbnails.corners(step.after) is None:
                app.context.thumbnails.missing.append(step.after)
        app.end_frame(gesture_open)

    @property
    def asked(self) -> list[list[str]]:
        return [names(request) for request in self.renderer.submitted]


def test_a_step_that_was_passed_by_gets_its_picture(fakes: ModuleType) -> None:
    quick = Quick(fakes, answers_steps=True)
    for _ in range(6):
        quick.frame()
    assert quick.asked == [["main"], ["main"], ["main", NAME]]
    assert quick.passed in quick.app.context.thumbnails
    assert quick.last in quick.app.context.thumbnails
    assert quick.app.shown is not None
    assert quick.app.shown.state == quick.last
    assert quick.app.is_current


def test_nothing_is_asked_for_while_a_gesture_goes_on(fakes: ModuleType) -> None:
    quick = Quick(fakes, answers_steps=True)
    for _ in range(6):
        quick.frame(gesture_open=True)
    assert quick.asked == [["main"], ["main"]]


def test_a_picture_that_does_not_come_is_asked_for_once(fakes: ModuleType) -> None:
    quick = Quick(fakes, answers_steps=False)
    for _ in range(6):
        quick.frame()
    assert quick.asked == [["main"], ["main"], ["main", NAME]]
    assert quick.passed not in quick.app.context.thumbnails


def test_a_step_on_another_model_is_not_loaded_for_its_picture(fakes: ModuleType) -> None:
    quick = Quick(fakes, answers_steps=True)
    quick.app.change(replace(quick.last, model="/other.pkl"))
    quick.app.change(replace(quick.last, model="/other.pkl", force_fp32=True))
    for _ in range(6):
        quick.frame()
    sources = [view.model for request in quick.renderer.submitted for view in request.views]
    assert sources[-2:] == ["/other.pkl", "/other.pkl"]
    assert quick.passed not in quick.app.context.thumbnails


@pytest.mark.gui
def test_the_small_picture_is_that_of_the_step(robot: Any) -> None:
    first = robot.app.state
    passed, last = at(first, 3.0), at(first, 5.0)
    robot.app.state = passed
    true = robot.settle()
    robot.app.history.restart(first)
    thumbnails = robot.app.context.thumbnails
    thumbnails._places.clear()
    robot.app.change(passed)
    robot.app.change(last)
    robot.do(lambda ui: ui.scroll_to_bottom("//Analysis"))
    robot.wait(lambda: passed in thumbnails, "the small picture")
    assert robot.settle().shape == true.shape
    u, v, _, _ = thumbnails.corners(passed)
    height, width = thumbnails.atlas.shape[:2]
    x, y = int(u * width), int(v * height)
    small = thumbnails.atlas[y : y + THUMB_PX, x : x + THUMB_PX].astype(int)
    np.testing.assert_allclose(small, shrink(true), atol=2)
    assert robot.app.shown.state == last
    robot.press(imgui.Key.mod_ctrl | imgui.Key.z)
    robot.settle()
    assert robot.app.state == passed
