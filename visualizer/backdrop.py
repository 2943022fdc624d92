"""Plain grounds, cleared instead of drawn: software OpenGL draws a pixel of a large rectangle about
five times as slowly as it clears one, and they are most of the window."""

from __future__ import annotations

from imgui_bundle import ImVec2, ImVec4, imgui
from OpenGL import GL

from visualizer import kept_window, measure, theme
from visualizer.camera import Rect

_GROUND = imgui.Col_.window_bg.value
_CLEAR = ImVec4(0, 0, 0, 0)


class Backdrop:
    """The grounds of one frame; `clear` paints them before anything is drawn over them."""

    def __init__(self) -> None:
        self._grounds: list[tuple[Rect, ImVec4]] = []  # none over another
        self._docked: set[str] = set()  # windows, as of the last frame

    def begin(self, label: str, flags: int = 0, keep: bool = False) -> bool:
        """Begin a window; a docked one has its ground from here, a floating one draws its own.

        Args:
            keep: let it look as in the last frame if nothing is against that; not to be built then.

        Returns:
            Whether the window is to be built.
        """
        measure.follow()
        if keep:
            kept_window.ask()
        is_docked = label in self._docked
        if is_docked:
            imgui.push_style_color(_GROUND, _CLEAR)
        visible, _ = imgui.begin(label, None, flags)
        if is_docked:
            imgui.pop_style_color()
        is_kept = keep and kept_window.complete()
        if not imgui.is_window_docked():
            self._docked.discard(label)
            return bool(visible)
        self._docked.add(label)
        if visible or is_kept:
            place, size = imgui.get_window_pos(), imgui.get_window_size()
            self._grounds.append((Rect(place.x, place.y, size.x, size.y), theme.PANEL))
        return bool(visible)

    def fill_rest(self, color: ImVec4) -> None:
        """A ground for the present window from the cursor down."""
        corner, size = imgui.get_cursor_screen_pos(), imgui.get_content_region_avail()
        rect = Rect(corner.x, corner.y, size.x, size.y)
        if imgui.is_window_docked():
            above, panel = self._grounds[-1]
            self._grounds[-1] = Rect(above.x, above.y, above.width, rect.y - above.y), panel
            self._grounds.append((rect, color))
            return
        high = ImVec2(rect.x + rect.width, rect.y + rect.height)
        draw = imgui.get_window_draw_list()
        draw.add_rect_filled(corner, high, imgui.get_color_u32(color))

    def clear(self) -> None:
        """Paint what this frame has named; call before Dear ImGui renders."""
        if not self._grounds:
            return
        io = imgui.get_io()
        size, scale = io.display_size, io.display_framebuffer_scale
        bottom = max(rect.y + rect.height for rect, _ in self._grounds)
        below = Rect(0, bottom, size.x, size.y - bottom), theme.BAR  # the line below leaves a gap
        grounds = [*self._grounds, below]
        GL.glEnable(GL.GL_SCISSOR_TEST)
        for rect, color in grounds:
            if color is not theme.PANEL:  # that is everywhere before the frame begins
                _confine(rect, size.y, scale)
                _paint(color)
        GL.glDisable(GL.GL_SCISSOR_TEST)
        self._grounds.clear()


def _paint(color: ImVec4) -> None:
    GL.glClearColor(color.x, color.y, color.z, 1.0)
    GL.glClear(GL.GL_COLOR_BUFFER_BIT)


def _confine(rect: Rect, height: float, scale: ImVec2) -> None:
    """Let only this rectangle of a window of this height be painted."""
    left, right = round(rect.x * scale.x), round((rect.x + rect.width) * scale.x)
    low = round((height - rect.y - rect.height) * scale.y)
    high = round((height - rect.y) * scale.y)
    GL.glScissor(left, low, max(0, right - left), max(0, high - low))
