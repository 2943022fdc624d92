"""Plain grounds, cleared instead of drawn: software OpenGL draws a pixel of a large rectangle about
five times as slowly as it clears one, and they are most of the window."""

from __future__ import annotations

from imgui_bundle import ImVec2, ImVec4, imgui
from OpenGL import GL

from visualizer import theme
from visualizer.camera import Rect


class Backdrop:
    """The grounds of one frame; `clear` paints them before anything is drawn over them."""

    def __init__(self) -> None:
        self._grounds: list[tuple[Rect, ImVec4]] = []
        self._docked: set[str] = set()  # windows, as of the last frame

    def begin(self, label: str, flags: int = 0) -> bool:
        """Begin a window; a docked one has its ground from here, a floating one draws its own."""
        is_docked = label in self._docked
        if is_docked:
            imgui.push_style_color(imgui.Col_.window_bg.value, ImVec4(0, 0, 0, 0))
        visible, _ = imgui.begin(label, None, flags)
        if is_docked:
            imgui.pop_style_color()
        if not imgui.is_window_docked():
            self._docked.discard(label)
            return bool(visible)
        self._docked.add(label)
        if visible:
            place, size = imgui.get_window_pos(), imgui.get_window_size()
            self._grounds.append((Rect(place.x, place.y, size.x, size.y), theme.PANEL))
        return bool(visible)

    def add(self, rect: Rect, color: ImVec4) -> None:
        """A ground in the present window, over the window's own."""
        if imgui.is_window_docked():
            self._grounds.append((rect, color))
            return
        high = ImVec2(rect.x + rect.width, rect.y + rect.height)
        draw = imgui.get_window_draw_list()
        draw.add_rect_filled(ImVec2(rect.x, rect.y), high, imgui.get_color_u32(color))

    def clear(self) -> None:
        """Paint what this frame has named, in that order; call before Dear ImGui renders."""
        io = imgui.get_io()
        scale = io.display_framebuffer_scale
        height = io.display_size.y * scale.y
        GL.glEnable(GL.GL_SCISSOR_TEST)
        for rect, color in self._grounds:
            left, right = round(rect.x * scale.x), round((rect.x + rect.width) * scale.x)
            top, bottom = round(rect.y * scale.y), round((rect.y + rect.height) * scale.y)
            GL.glScissor(left, round(height) - bottom, max(0, right - left), max(0, bottom - top))
            GL.glClearColor(color.x, color.y, color.z, 1.0)
            GL.glClear(GL.GL_COLOR_BUFFER_BIT)
        GL.glDisable(GL.GL_SCISSOR_TEST)
        self._grounds.clear()
