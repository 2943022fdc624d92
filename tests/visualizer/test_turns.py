"""Which windows are built in a frame of a drag."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from visualizer import turns
from visualizer.turns import KEPT_SEC, LATE_SEC, Turns

WINDOWS = ("Status", "Controls", "Analysis")


class Clock:
    """Seconds, as the test sets them."""

    now_sec = 100.0

    def __call__(self) -> float:
        return self.now_sec


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The texture of the letters: the last one counts."""
    textures = [1]
    monkeypatch.setattr(turns, "letters_id", lambda: textures[-1])
    return textures


@pytest.fixture
def used_sec() -> list[float]:
    """What a frame has taken of the processor before its windows: the last one counts."""
    return [LATE_SEC / 2]


@pytest.fixture
def build(letters: list[int], used_sec: list[float]) -> Callable[..., tuple[str, ...]]:
    """One frame; returns the windows that are built in it."""
    clock = Clock()
    taken = Turns(lambda: used_sec[-1], clock)

    def frame(is_dragged: bool = True, sec: float = 1 / 60) -> tuple[str, ...]:
        clock.now_sec += sec
        taken.begin_frame(is_dragged)
        built = []
        for name in WINDOWS:
            if not taken.may_keep(name):
                taken.note_built(name)
                built.append(name)
        return tuple(built)

    return frame


def test_without_a_drag_every_frame_builds_all(build: Callable[..., tuple[str, ...]]) -> None:
    assert [build(is_dragged=False) for _ in range(9)] == [WINDOWS] * 9


def test_in_a_drag_one_window_a_frame_is_built_and_none_waits_long(
    build: Callable[..., tuple[str, ...]],
) -> None:
    build(is_dragged=False)
    assert build() == WINDOWS  # nobody knows yet which letters they were drawn with
    frames = [build() for _ in range(30)]
    assert {len(built) for built in frames} == {0, 1}
    for name in WINDOWS:
        turns_of = [idx for idx, built in enumerate(frames) if name in built]
        assert turns_of[0] <= 8
        assert {later - sooner for sooner, later in itertools.pairwise(turns_of)} == {6}


def test_late_frames_build_half_as_often(
    build: Callable[..., tuple[str, ...]], used_sec: list[float]
) -> None:
    used_sec.append(LATE_SEC * 1.5)
    assert build(is_dragged=False) == WINDOWS
    build()
    frames = [build() for _ in range(60)]
    assert {len(built) for built in frames} == {0, 1}
    for name in WINDOWS:
        turns_of = [idx for idx, built in enumerate(frames) if name in built]
        assert {later - sooner for sooner, later in itertools.pairwise(turns_of)} == {12}


def test_the_frame_after_a_drag_builds_all(build: Callable[..., tuple[str, ...]]) -> None:
    for _ in range(10):
        build()
    assert build(is_dragged=False, sec=1e-4) == WINDOWS


@pytest.mark.parametrize("sec", [2.5 * KEPT_SEC, 1.0])
def test_few_frames_a_second_build_all(build: Callable[..., tuple[str, ...]], sec: float) -> None:
    assert [build(sec=sec) for _ in range(4)] == [WINDOWS] * 4


def test_new_letters_let_all_be_built(
    build: Callable[..., tuple[str, ...]], letters: list[int]
) -> None:
    build()
    build()
    letters.append(2)
    assert build(sec=1e-4) == WINDOWS
    assert build(sec=1e-4) == ()
