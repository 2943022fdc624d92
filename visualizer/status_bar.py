"""The line below: what the machine is doing, and the last message."""

from __future__ import annotations

from imgui_bundle import ImVec2, imgui

from visualizer import controls, icons, theme
from visualizer.app import App
from visualizer.context import percentile

_STATES = {
    "starting": "starting",
    "restarting": "restarting",
    "given up": "renderer off",
    "closed": "closed",
}


def build_ui(app: App) -> None:
    """Draw the bar into the current window."""
    imgui.align_text_to_frame_padding()
    status, timings = app.status, app.timings
    state = _STATES.get(status.state, "")
    alert = status.state in ("given up", "restarting")
    name = state or f"{status.device.upper()} · {_shortened(status.kernels)}"
    imgui.text_colored(theme.ALERT if alert else theme.TEXT_DIM, f"{icons.CHIP} {name}")
    ladder = "\n".join(f"{device}: {why}" for device, why in status.ladder)
    controls.tooltip("\n".join(part for part in (status.kernels, ladder, status.reason) if part))
    result = app.shown.result if app.shown else None
    _field(f"render {result.render_ms:.0f} ms" if result else "render –", "Time for one picture")
    mean_ms = sum(timings.frame_ms) / max(1, len(timings.frame_ms))
    fps = "idle" if app.is_idle else f"{1000 / mean_ms:.0f} fps" if mean_ms else "– fps"
    _field(fps, "Frames shown per second; idle: nothing is rendered or animated")
    latency = (percentile(timings.latency_ms, 0.5), percentile(timings.latency_ms, 0.95))
    text = f"{latency[0]:.0f} / {latency[1]:.0f} ms" if latency[1] else "–"
    _field(
        f"input→screen {text}",
        "Change to picture on the screen: median / 95 %",
    )
    memory = f"{result.memory_bytes / 2**30:.1f} GB" if result else "– GB"
    _field(memory, "Memory of the renderer")
    if app.is_paused:
        _field(f"{icons.PAUSE} paused", "Space continues the animations", theme.ACCENT)
    _build_message(*app.notices.line())


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
    if imgui.calc_text_size(text).x + gap > imgui.get_content_region_avail().x:
        return  # a narrow window shows the first ones
    position = imgui.get_cursor_screen_pos()
    height = imgui.get_frame_height()
    line = imgui.get_color_u32(theme.tone(58))
    low = ImVec2(position.x, position.y + height * 0.22)
    high = ImVec2(position.x, position.y + height * 0.78)
    imgui.get_window_draw_list().add_line(low, high, line)
    imgui.set_cursor_screen_pos(ImVec2(position.x + gap, position.y))
    imgui.text_colored(color or theme.TEXT_DIM, text)
    controls.tooltip(help_text)
