"""Latent: the position on the seed lattice."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from imgui_bundle import imgui

from renderer.state import LatentState, ViewState, seed_at
from visualizer import controls, icons
from visualizer.context import Context, Shown, with_changes
from visualizer.viewport import drag_latent

_DEFAULT = LatentState()
_LIMITS = (-1e6, 1e6)


class LatentPanel:
    """Seed, x and y, a pad to drag on, animation."""

    title: ClassVar[str] = "Latent"

    def __init__(self, context: Context) -> None:
        self._context = context

    def build_ui(self, state: ViewState, result: Shown | None) -> ViewState:
        """Draw the panel; returns the new state."""
        state = with_changes(state, latent=self._build_position(state.latent))
        state = self._build_pad(state)
        latent = self._build_animation(state.latent)
        return with_changes(state, latent=self._build_buttons(latent))

    def _build_position(self, latent: LatentState) -> LatentState:
        seed = seed_at(latent.x, latent.y)
        controls.label("Seed", seed != 0)
        typed = controls.seed("seed", seed, 0, "Type a seed: x becomes the seed, y becomes 0")
        if typed != seed:
            latent = replace(latent, x=float(typed), y=0.0)
        controls.label("Position", (latent.x, latent.y) != (0, 0))
        width = controls.half_width()
        text = "In seeds (y: in hundreds); between whole numbers the four around are blended"
        x = controls.number(
            "x", latent.x, 0.0, limits=_LIMITS, speed=0.01, prefix="x", width=width, help_text=text
        )
        controls.next_to()
        y = controls.number(
            "y", latent.y, 0.0, limits=_LIMITS, speed=0.01, prefix="y", help_text=text
        )
        return with_changes(latent, x=x, y=y)

    def _build_pad(self, state: ViewState) -> ViewState:
        controls.label("Drag")
        controls.button(
            f"{icons.MOVE} Drag here###pad",
            "Drag in any direction, here or on the picture; the cursor keys step",
            imgui.get_content_region_avail().x,
        )
        if imgui.is_item_active():
            delta = imgui.get_io().mouse_delta
            state = drag_latent(state, delta.x, delta.y, imgui.get_font_size())
        return state

    def _build_animation(self, latent: LatentState) -> LatentState:
        controls.label("Animate", latent.animate)
        animate = controls.toggle("animate", latent.animate, help_text="Move along x")
        controls.next_to()
        speed = controls.number(
            "speed",
            latent.speed,
            _DEFAULT.speed,
            limits=(-5.0, 5.0),
            speed=0.01,
            unit="/s",
            help_text="Seeds per second",
        )
        return with_changes(latent, animate=animate, speed=speed)

    def _build_buttons(self, latent: LatentState) -> LatentState:
        controls.label("")
        width = controls.half_width()
        if controls.button(f"{icons.SNAP} Snap", "To the nearest seed", width):
            latent = replace(latent, x=float(round(latent.x)), y=float(round(latent.y)))
        controls.next_to()
        if controls.button(f"{icons.RESET} Reset", "Back to seed 0, not animated", width):
            latent = _DEFAULT
        return latent
