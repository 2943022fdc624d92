"""Animations in units per second, whatever the frame rate."""

from __future__ import annotations

import math
from dataclasses import replace

from renderer.state import TransformState, ViewState

MIX_SEEDS_PER_SEC = 4.0
NOISE_SEEDS_PER_SEC = 15.0
ORBIT_RADIUS = 0.1  # image widths
MAX_STEP_SEC = 0.25  # after a pause of the window nothing jumps


def is_animated(state: ViewState) -> bool:
    """Whether time changes the state."""
    transform = state.transform
    return (
        state.latent.animate
        or state.mix.animate
        or state.noise.animate
        or transform.animate_translation
        or transform.animate_rotation
    )


class Animator:
    """Advances a state; keeps the fractions of whole-number values."""

    def __init__(self) -> None:
        self._mix_fraction = 0.0
        self._noise_fraction = 0.0

    def advance(self, state: ViewState, dt_sec: float) -> ViewState:
        """The state `dt_sec` later."""
        dt_sec = min(dt_sec, MAX_STEP_SEC)
        if state.latent.animate:
            x = state.latent.x + state.latent.speed * dt_sec
            state = replace(state, latent=replace(state.latent, x=x))
        if state.mix.animate:
            self._mix_fraction += MIX_SEEDS_PER_SEC * dt_sec
            seed = (state.mix.seed + int(self._mix_fraction)) & 0xFFFFFFFF
            self._mix_fraction %= 1
            state = replace(state, mix=replace(state.mix, seed=seed))
        if state.noise.animate:
            self._noise_fraction += NOISE_SEEDS_PER_SEC * dt_sec
            seed = (state.noise.seed + int(self._noise_fraction)) & 0xFFFFFFFF
            self._noise_fraction %= 1
            state = replace(state, noise=replace(state.noise, seed=seed))
        return replace(state, transform=_advance_transform(state.transform, dt_sec))


def _advance_transform(transform: TransformState, dt_sec: float) -> TransformState:
    if transform.animate_rotation:
        angle = transform.angle_turns + transform.rotation_speed * dt_sec
        transform = replace(transform, angle_turns=angle - round(angle))
    if transform.animate_translation:
        x, y = orbit(transform.x, transform.y, transform.translation_speed * dt_sec)
        transform = replace(transform, x=x, y=y)
    return transform


def orbit(x: float, y: float, distance: float) -> tuple[float, float]:
    """Move a point along a circle about the origin, drawing near the radius `ORBIT_RADIUS`.

    Half of the path goes into the radius until it is reached.
    """
    radius, angle = math.hypot(x, y), math.atan2(y, x)
    missing = ORBIT_RADIUS - radius
    radial = math.copysign(min(abs(missing), distance / 2), missing)
    radius += radial
    angle += (distance - abs(radial)) / max(radius, ORBIT_RADIUS / 4)
    return radius * math.cos(angle), radius * math.sin(angle)
