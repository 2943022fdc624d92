"""The line below: what the machine is doing, and the last message."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from imgui_bundle import ImVec2, imgui

from renderer.client import ClientStatus
from visualizer import controls, icons, measure, theme
from visualizer.app import App
from visualizer.context import percentile

FIGURES_SEC = 0.25  # between two readings of what is the mean of many frames
_STATES = {
    "starting": "starting",
    "restarting": "restarting",
    "given up": "renderer off",
    "closed": "closed",
}


class StatusBar:
    """The figures are those of a moment ago: nobody reads sixty a second."""

    def __init__(self, app: App, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._clock = clock
        self._fps = self._latency = "–"
        self._read_sec = -math.inf

    def build_ui(self) -> None:
        """Draw the bar into the current window."""
        measure.follow()
        app = self._app
        imgui.align_text_to_frame_padding()
        _build_device(app.status)
        self._read_figures()
        result = app.shown.result if app.shown else None
        _field(
            f"render {result.render_ms:.0f} ms" if result else "render –", "Time for one picture"
        )
        fps = "idle" if app.is_idle else f"{self._fps} fps"
        _field(fps, "Frames shown per second; idle: nothing is rendered or animated")
        _field(
            f"input→screen {self._latency}",
            "Change to picture on the screen: median / 95 %",
        )
        memory = f"{result.memory_bytes / 2**30:.1f} GB" if result else "– GB"
        _field(memory, "Memory of the renderer")
        if app.is_paused:
            _field(f"{icons.PAUSE} paused", "Space continues the animations", theme.ACCENT)
        _build_message(*app.notices.line())

    def _read_figures(self) -> None:
        now_sec, timings = self._clock(), self._app.timings
        if now_sec - self._read_sec < FIGURES_SEC:
            return
        self._read_sec = now_sec
        mean_ms = sum(timings.frame_ms) / max(1, len(timings.frame_ms))
        self._fps = f"{1000 / mean_ms:.0f}" if mean_ms else "–"
        latency = (percentile(timings.latency_ms, 0.5), percentile(timings.latency_ms, 0.95))
        self._latency = f"{latency[0]:.0f} / {latency[1]:.0f} ms" if latency[1] else "–"


def _build_device(status: ClientStatus) -> None:
    """What computes, or what has happened to it."""
    state = _STATES.get(status.state, "")
    alert = status.state in ("given up", "restarting")
    name = state or f"{status.device.upper()} · {_shortened(status.kernels)}"
    imgui.text_colored(theme.ALERT if alert else theme.TEXT_DIM, f"{icons.CHIP} {name}")
    if imgui.is_item_hovered():
        ladder = "\n".join(f"{device}: {why}" for device, why in status.ladder)
        parts = (status.kernels, ladder, status.reason)
        controls.tooltip("\n".join(part for part in parts if part))


def _build_message(text: str, opacity: float) -> None:
    """The last message, in the room that is left."""
    imgui.same_line(0, theme.px(20))
    room = imgui.get_content_region_avail().x - theme.px(12)
    if not text or room <= theme.px(80):
        imgui.new_line()
        return
    faint = theme.TEXT_FAINT
    color = imgui.ImVec4(faint.x, faint.y, faint.z, faint.w * opacity)
    imgui.text_colored(color, controls.ellipsis(text, room))
    controls.tooltip(text)


def _shortened(kernels: str) -> str:
    """Which kernels, without why and how many: that stands in the tooltip."""
    if kernels.startswith("native"):
        return kernels.partition(",")[0].partition(" of ")[0]
    return kernels.partition(":")[0]


def _field(text: str, help_text: str, color: imgui.ImVec4 | None = None) -> None:
    gap = theme.px(10)
    imgui.same_line(0, gap)
    if measure.width(text) + gap > imgui.get_content_region_avail().x:
        return  # a narrow window shows the first ones
    position, height = imgui.get_cursor_screen_pos(), measure.frame_height
    low = ImVec2(position.x, position.y + height * 0.22)
    high = ImVec2(position.x, position.y + height * 0.78)
    line = imgui.get_color_u32(theme.FIELD_HOVER)
    imgui.get_window_draw_list().add_line(low, high, line)
    imgui.set_cursor_screen_pos(ImVec2(position.x + gap, position.y))
    imgui.text_colored(color or theme.TEXT_DIM, text)
    controls.tooltip(help_text)
