"""Animations."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from renderer.state import (
    LatentState,
    NoiseState,
    StyleMixState,
    TransformState,
    ViewState,
)
from visualizer.animation import ORBIT_RADIUS, Animator, is_animated, orbit


@pytest.mark.parametrize("fps", [5, 30, 60, 144])
def test_speed_is_per_second_whatever_the_frame_rate(fps: int) -> None:
    state = ViewState(
        latent=LatentState(animate=True, speed=0.25),
        mix=StyleMixState(animate=True),
        noise=NoiseState(animate=True),
        transform=TransformState(animate_rotation=True, rotation_speed=0.1),
    )
    animator = Animator()
    for _ in range(fps * 2):
        state = animator.advance(state, 1 / fps)
    assert state.latent.x == pytest.approx(0.5)
    assert state.transform.angle_turns == pytest.approx(0.2)
    assert state.mix.seed - 1000 in (7, 8)  # 4 per second, rounding of 1/fps aside
    assert state.noise.seed in (29, 30)


def test_nothing_moves_that_is_not_animated() -> None:
    assert Animator().advance(ViewState(), 0.1) == ViewState()
    assert not is_animated(ViewState())
    assert is_animated(replace(ViewState(), mix=StyleMixState(animate=True)))


def test_a_long_pause_of_the_window_is_no_jump() -> None:
    state = ViewState(latent=LatentState(animate=True, speed=1.0))
    assert Animator().advance(state, 60.0).latent.x <= 0.25


def test_translation_comes_to_a_circle_and_keeps_its_speed() -> None:
    x, y = 0.0, 0.0
    for _ in range(400):
        x, y = orbit(x, y, 0.002)
    assert math.hypot(x, y) == pytest.approx(ORBIT_RADIUS)
    x2, y2 = orbit(x, y, 0.002)
    assert math.hypot(x2 - x, y2 - y) == pytest.approx(0.002, rel=0.01)
