"""What is drawn over the picture: the pixel pointed at, a pinned one, raw values at high zoom."""

from __future__ import annotations

import math
from typing import Protocol

from imgui_bundle import ImVec2, imgui

from renderer.messages import Probe, View
from visualizer.camera import Rect
from visualizer.context import Context, Shown
from visualizer.magnifier import VALUE_EM, draw_pixel_frame, draw_values
from visualizer.pointer import Place, raw_view, region_at, values_of

TOPIC = "values"
MARGIN_PX = 8  # asked for beyond what is visible, so that a small pan need not wait
CLICK_PX = 4.0  # a press that moves less is a click
_ESCAPE = imgui.Key.escape
_LEFT = imgui.MouseButton_.left.value


class Placed(Protocol):
    """Where the viewport has put the picture."""

    picture: Rect
    zoom: float
    scale: float
    view_region: Rect
    mouse: ImVec2

    @property
    def is_dragged(self) -> bool: ...


class Marks:
    """Follows the mouse over the picture."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._before_click: Place | None = None
        self.num_values = 0  # pixels whose values are written on the picture

    def build_ui(self, placed: Placed, hovered: bool, shown: Shown | None) -> None:
        """Draw over the picture; call right after it."""
        pointer = self._context.pointer
        pointer.place = None
        if shown is None or shown.pixels is None:
            return
        cell = placed.zoom / placed.scale
        mouse = placed.mouse
        if hovered and placed.picture.contains(mouse.x, mouse.y):
            pointer.place = (
                int((mouse.x - placed.picture.x) / cell),
                int((mouse.y - placed.picture.y) / cell),
            )
        if pointer.is_wanted:
            self._take_click(hovered)
        draw = imgui.get_window_draw_list()
        region = placed.view_region
        high = ImVec2(region.x + region.width, region.y + region.height)
        draw.push_clip_rect(ImVec2(region.x, region.y), high, True)
        self._draw_values(draw, placed, shown, cell)
        if pointer.is_wanted and pointer.pinned is not None:
            draw_pixel_frame(draw, placed.picture, pointer.pinned, cell)
        draw.pop_clip_rect()
        if not placed.is_dragged:  # its panel is not built in every frame of a drag
            pointer.is_wanted = False  # said again by the panel while it is open

    def _take_click(self, hovered: bool) -> None:
        """A click pins a pixel; a second one there, or Escape, lets it go."""
        pointer = self._context.pointer
        if imgui.is_key_pressed(_ESCAPE, False):
            pointer.pinned = None
        if not hovered or not imgui.is_mouse_released(_LEFT):
            return
        io = imgui.get_io()
        moved = math.sqrt(io.mouse_drag_max_distance_sqr[_LEFT])
        if moved > CLICK_PX or io.key_ctrl or io.key_shift:
            return
        if io.mouse_clicked_last_count[_LEFT] > 1:  # a double click fits the picture
            pointer.pinned = self._before_click
            return
        self._before_click = pointer.pinned
        pointer.pinned = None if pointer.pinned == pointer.place else pointer.place

    def _draw_values(
        self, draw: imgui.ImDrawList, placed: Placed, shown: Shown, cell: float
    ) -> None:
        self.num_values = 0
        if cell < VALUE_EM * imgui.get_font_size() or shown.pixels is None:
            self._context.inquiries.forget(TOPIC)
            return
        view = shown.result.request.views[0]
        x0, y0, width, height = visible_cells(placed, cell)
        known = self._ask(x0, y0, width, height, view)
        if known is None or known.view != raw_view(view):
            return
        left, top = max(x0, known.x0), max(y0, known.y0)
        right = min(x0 + width, known.x0 + known.width)
        bottom = min(y0 + height, known.y0 + known.height)
        if right <= left or bottom <= top:
            return
        values = values_of(known)[
            :, top - known.y0 : bottom - known.y0, left - known.x0 : right - known.x0
        ]
        low = ImVec2(placed.picture.x + left * cell, placed.picture.y + top * cell)
        draw_values(draw, shown.pixels, values, (left, top), low, cell)
        self.num_values = values.shape[1] * values.shape[2]

    def _ask(self, x0: int, y0: int, width: int, height: int, view: View) -> Probe | None:
        """Values of what is visible and a margin; its corner moves in steps."""
        step = MARGIN_PX
        x0, y0 = x0 // step * step - step, y0 // step * step - step
        width, height = width + 3 * step, height + 3 * step
        width, height = -(-width // step) * step, -(-height // step) * step
        question = region_at(x0, y0, width, height, view)
        return self._context.inquiries.ask(TOPIC, question, Probe)


def visible_cells(placed: Placed, cell: float) -> tuple[int, int, int, int]:
    """x, y, width, height in samples of the part of the picture that is in the region."""
    region, picture = placed.view_region, placed.picture
    x0 = max(0, math.floor((region.x - picture.x) / cell))
    y0 = max(0, math.floor((region.y - picture.y) / cell))
    x1 = math.ceil((min(region.x + region.width, picture.x + picture.width) - picture.x) / cell)
    y1 = math.ceil((min(region.y + region.height, picture.y + picture.height) - picture.y) / cell)
    return x0, y0, max(0, x1 - x0), max(0, y1 - y0)
