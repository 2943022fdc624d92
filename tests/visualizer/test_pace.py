"""Frames that are held back for a picture, on a renderer that answers when the test wants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any

import pytest

from renderer.state import ViewState
from visualizer import pace
from visualizer.app import App
from visualizer.pace import HOLD_SEC, TRY_FRAMES, Pace
from visualizer.settings import Settings


@dataclass
class Sleeper:
    """A waker whose `wait` lets the test's clock run instead of waiting."""

    now_sec: float = 100.0
    waited_sec: float = 0.0
    wakes: list[tuple[float, Callable[[], None]]] = field(default_factory=list)  # after, act

    def clear(self) -> None:
        pass

    def wait(self, limit_sec: float) -> bool:
        if not self.wakes or self.wakes[0][0] > limit_sec:
            self._pass(limit_sec)
            return False
        after_sec, act = self.wakes.pop(0)
        self._pass(after_sec)
        act()
        return True

    def _pass(self, seconds: float) -> None:
        self.now_sec += seconds
        self.waited_sec += seconds


class Bench:
    """An app whose renderer owes its pictures until `answer`."""

    def __init__(self, fakes: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sleeper = Sleeper()
        monkeypatch.setattr("visualizer.app.time.perf_counter", lambda: self.sleeper.now_sec)
        self.renderer: Any = fakes.FakeRenderer()
        self.app = App(self.renderer, Settings(), ViewState())
        waker: Any = self.sleeper
        self.pace = Pace(self.app, waker, lambda: self.sleeper.now_sec)
        self._answers: list[object] = []
        self.frame()
        self.answer()
        self.app.take_events()
        self.sleeper.waited_sec = 0.0

    def frame(self) -> float:
        """One frame with a change; returns how long it was held."""
        before_sec = self.sleeper.waited_sec
        self.app.begin_frame()
        latent = self.app.state.latent
        self.app.state = replace(self.app.state, latent=replace(latent, x=latent.x + 0.1))
        self.app.end_frame(gesture_open=True)
        self._answers, self.renderer.events = self.renderer.events, []
        self.pace.hold()
        return self.sleeper.waited_sec - before_sec

    def answer(self, render_ms: float = 4.0) -> None:
        """The picture of the newest request arrives."""
        self.renderer.events = [replace(a, render_ms=render_ms) for a in self._answers]

    def answer_after(self, seconds: float, render_ms: float = 4.0) -> None:
        self.sleeper.wakes.append((seconds, lambda: self.answer(render_ms)))


@pytest.fixture
def bench(fakes: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(fakes, monkeypatch)


def test_a_fast_picture_comes_into_the_frame_that_asked_for_it(bench: Bench) -> None:
    bench.answer_after(0.015)
    assert bench.frame() == pytest.approx(0.015)
    assert bench.app.is_current
    assert bench.app.fresh_pixels


def test_a_frame_is_held_no_longer_than_the_limit(bench: Bench) -> None:
    assert bench.frame() == pytest.approx(HOLD_SEC)
    assert not bench.app.is_current


def test_something_else_that_comes_does_not_end_the_wait(bench: Bench) -> None:
    bench.sleeper.wakes.append((0.01, lambda: None))
    bench.answer_after(0.01)
    assert bench.frame() == pytest.approx(0.02)
    assert bench.app.is_current


def test_a_frame_that_owes_nothing_is_not_held(bench: Bench) -> None:
    bench.app.begin_frame()
    bench.app.end_frame(gesture_open=False)
    bench.pace.hold()
    assert bench.sleeper.waited_sec == 0


def test_a_slow_picture_holds_its_first_frame_only(bench: Bench) -> None:
    for _ in range(pace.NUM_RECENT):
        bench.frame()
        bench.answer(render_ms=400.0)
        bench.app.take_events()
    assert bench.frame() > 0  # nobody knows how long this one takes
    assert sum(bench.frame() for _ in range(3 * TRY_FRAMES)) == 0


def test_pictures_slowed_by_the_drawing_are_tried_again(bench: Bench) -> None:
    for _ in range(pace.NUM_RECENT):
        bench.frame()
        bench.answer(render_ms=HOLD_SEC * 2e3)
        bench.app.take_events()
    bench.frame()
    held = [bench.frame() > 0 for _ in range(2 * TRY_FRAMES + 2)]
    assert held.index(True) == TRY_FRAMES
    assert sum(held) == 2


def test_a_renderer_that_is_not_up_is_not_waited_for(bench: Bench) -> None:
    bench.renderer.status = replace(bench.renderer.status, state="restarting")
    assert bench.frame() == 0


def test_software_drawing_leaves_the_cores_to_a_slow_picture(bench: Bench) -> None:
    sleeper = bench.sleeper

    def rested() -> float:
        before_sec = sleeper.waited_sec
        bench.pace.rest(sleeper.now_sec - 0.01)  # the frame took 10 ms
        return sleeper.waited_sec - before_sec

    bench.frame()
    sleeper.now_sec += 0.2
    assert rested() == 0, "a graphics card draws beside it"
    bench.pace.learn_renderer("llvmpipe (LLVM 15.0.6, 256 bits)")
    assert rested() == pytest.approx(1 / pace.SLOW_FPS - 0.01)
    bench.answer_after(0.005)
    assert rested() == pytest.approx(0.005), "the picture is shown at once"
    bench.app.take_events()
    assert rested() == 0
    bench.pace.learn_renderer("NVIDIA H100/PCIe/SSE2")
    assert not bench.pace.is_software
