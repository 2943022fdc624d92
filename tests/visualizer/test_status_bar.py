"""The figures of the status bar, and values that stay the same object where nothing changes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from renderer.state import LatentState
from visualizer.context import Timings, with_changes
from visualizer.status_bar import FIGURES_SEC, StatusBar


def test_figures_are_read_a_few_times_a_second() -> None:
    now_sec, timings = [100.0], Timings()
    app: Any = SimpleNamespace(timings=timings)
    bar = StatusBar(app, clock=lambda: now_sec[0])

    def read() -> tuple[str, str]:
        bar._read_figures()
        return bar._fps, bar._latency

    assert read() == ("–", "–")
    timings.frame_ms.append(20.0)
    timings.latency_ms.extend([30.0, 60.0])
    assert read() == ("–", "–")
    now_sec[0] += FIGURES_SEC
    assert read() == ("50", "60 / 60 ms")
    timings.frame_ms.extend([40.0, 60.0])
    now_sec[0] += FIGURES_SEC / 2
    assert read() == ("50", "60 / 60 ms")
    now_sec[0] += FIGURES_SEC / 2
    assert read() == ("25", "60 / 60 ms")


def test_a_value_without_a_change_is_the_same_object() -> None:
    latent = LatentState(x=1.0)
    assert with_changes(latent, x=1.0, y=0.0) is latent
    assert with_changes(latent, x=1.0, y=2.0) == LatentState(x=1.0, y=2.0)
