"""Performance: where the time goes, and limits."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
from imgui_bundle import ImVec2, imgui

from renderer.state import ViewState
from visualizer import controls, theme
from visualizer.context import NUM_SAMPLES, Context, Shown, percentile


class PerformancePanel:
    """Plots of GUI and render times, frame limit, precision."""

    title: ClassVar[str] = "Performance"

    def __init__(self, context: Context) -> None:
        self._context = context

    def build_ui(self, state: ViewState, result: Shown | None) -> ViewState:
        """Draw the panel; returns the new state."""
        timings = self._context.timings
        _plot("Window", list(timings.gui_ms))
        _plot("Render", list(timings.render_ms))
        if result is not None and result.result.stage_ms:
            stages = "   ".join(f"{name} {ms:.1f}" for name, ms in result.result.stage_ms)
            controls.note(f"{stages} ms")
        self._build_limits()
        controls.label("Precision", state.force_fp32)
        force = controls.toggle(
            "force_fp32",
            state.force_fp32,
            "Force FP32",
            help_text="Compute every layer in 32 bits, also where the model uses 16",
        )
        return replace(state, force_fp32=force)

    def _build_limits(self) -> None:
        settings = self._context.settings
        controls.label("FPS limit", settings.fps_limit != 60)
        settings.fps_limit = controls.integer(
            "fps", settings.fps_limit, 60, limits=(5, 1000), speed=0.5, unit="fps",
            help_text="Most frames per second of the window",
        )  # fmt: skip
        controls.label("Screen", not settings.vsync)
        settings.vsync = controls.toggle(
            "vsync", settings.vsync, "Vertical sync", default=True,
            help_text="Wait for the screen before showing a frame",
        )  # fmt: skip


def _milliseconds(value: float) -> str:
    return f"{value:.1f} ms" if value < 100 else f"{value:.0f} ms"


def _plot(name: str, values: list[float]) -> None:
    """A small plot of milliseconds over the last frames, from 0 to a little above the highest."""
    controls.label(name)
    imgui.text_colored(theme.TEXT, _milliseconds(percentile(values, 0.5)))
    controls.tooltip("Median of the last frames" if name == "Window" else "Median")
    text = f"95 % {_milliseconds(percentile(values, 0.95))}"
    controls.flow(text, imgui.get_style().item_spacing.x)
    imgui.text_colored(theme.TEXT_FAINT, text)
    controls.tooltip("95 of 100 took at most this long")
    data = np.zeros(NUM_SAMPLES, np.float32)
    if values:
        data[-len(values) :] = values
    top = max(2.0, percentile(values, 0.98) * 1.3)
    size = ImVec2(-1, imgui.get_font_size() * 2.6)
    imgui.plot_lines(f"##{name}", data, scale_min=0.0, scale_max=top, graph_size=size)
