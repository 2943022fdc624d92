"""Truncation & noise."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from imgui_bundle import imgui

from renderer.state import NoiseState, TruncationState, ViewState
from visualizer import controls
from visualizer.context import Context, Shown, with_changes

_DEFAULT = TruncationState()
_NOISE = NoiseState()


class TruncationPanel:
    """Psi and its cutoff; noise on or off, its seed."""

    title: ClassVar[str] = "Truncation & noise"

    def __init__(self, context: Context) -> None:
        self._context = context

    def build_ui(self, state: ViewState, result: Shown | None) -> ViewState:
        """Draw the panel; returns the new state."""
        truncation = self._build_truncation(state.truncation)
        return with_changes(state, truncation=truncation, noise=self._build_noise(state.noise))

    def _build_truncation(self, truncation: TruncationState) -> TruncationState:
        controls.label("Psi", truncation.psi != _DEFAULT.psi)
        psi = controls.number(
            "psi",
            truncation.psi,
            _DEFAULT.psi,
            limits=(-1.0, 2.0),
            speed=0.01,
            help_text="1 = as trained, 0 = the average picture, −1 = its opposite",
        )
        model = self._context.model
        num_ws = model.num_ws if model else 16
        cutoff = num_ws if truncation.cutoff is None else min(truncation.cutoff, num_ws)
        is_all = truncation.cutoff is None
        controls.label("Cutoff", not is_all)
        new = controls.integer(
            "cutoff",
            cutoff,
            num_ws,
            limits=(0, num_ws),
            speed=0.08,
            unit="ws",
            shown=f"all {cutoff}" if is_all else None,
            help_text="How many of the first rows of ws are truncated",
        )
        if new != cutoff:
            truncation = replace(truncation, cutoff=None if new >= num_ws else new)
        return with_changes(truncation, psi=psi)

    def _build_noise(self, noise: NoiseState) -> NoiseState:
        model = self._context.model
        missing = model is not None and not model.has_noise
        imgui.begin_disabled(missing)
        controls.label("Noise", noise != _NOISE and not missing)
        reason = "This model has no noise inputs (StyleGAN3 has none)" if missing else ""
        text = reason or "Add the noise that StyleGAN2 adds to every layer"
        enabled = controls.toggle("noise", noise.enabled, "on", default=True, help_text=text)
        imgui.begin_disabled(not enabled)
        controls.next_to()
        seed = controls.seed(
            "noise_seed", noise.seed, 0, reason or "0 = the noise stored in the model"
        )
        controls.label("Animate", noise.animate and not missing)
        animate = controls.toggle(
            "noise_animate",
            noise.animate,
            "15 seeds/s",
            help_text=reason or "Step through the seeds of the noise",
        )
        imgui.end_disabled()
        imgui.end_disabled()
        return with_changes(noise, enabled=enabled, seed=seed, animate=animate)
