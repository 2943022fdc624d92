"""Pixels as large cells with their raw values: in the panel, and on the picture at high zoom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from imgui_bundle import ImVec2, ImVec4, imgui

from visualizer import theme
from visualizer.camera import Rect
from visualizer.pointer import Place, Values, describe_value

VALUE_EM = 3.1  # a cell at least this large shows its value
LINE_EM = 0.92

Pixels = np.ndarray[Any, np.dtype[np.uint8]]


def build_magnifier(pixels: Pixels, place: Place, num_cells: int, side: float) -> None:
    """Draw `num_cells`² pixels around a place into a square of the panel."""
    origin = imgui.get_cursor_screen_pos()
    imgui.dummy(ImVec2(side, side))
    if not imgui.is_item_visible():
        return
    draw = imgui.get_window_draw_list()
    ground = imgui.get_color_u32(theme.BAR)  # beyond the picture
    draw.add_rect_filled(origin, ImVec2(origin.x + side, origin.y + side), ground)
    cell = side / num_cells
    reach = num_cells // 2
    left, top = place[0] - reach, place[1] - reach
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = max(0, left + num_cells), max(0, top + num_cells)
    for row, line in enumerate(pixels[y0:y1, x0:x1].tolist(), y0 - top):
        for column, levels in enumerate(line, x0 - left):
            low = ImVec2(origin.x + column * cell, origin.y + row * cell)
            draw.add_rect_filled(low, ImVec2(low.x + cell, low.y + cell), _packed(levels))
    low = ImVec2(origin.x + reach * cell, origin.y + reach * cell)
    frame_cell(draw, low, cell)


def frame_cell(draw: imgui.ImDrawList, low: ImVec2, size: float) -> None:
    """A frame that is seen on any colour."""
    high = ImVec2(low.x + size, low.y + size)
    draw.add_rect(
        ImVec2(low.x - 1, low.y - 1),
        ImVec2(high.x + 1, high.y + 1),
        imgui.get_color_u32(ImVec4(0, 0, 0, 1)),
    )
    draw.add_rect(low, high, imgui.get_color_u32(theme.ACCENT))


def draw_pixel_frame(
    draw: imgui.ImDrawList, picture: Rect, place: Place, cell: float, dx: float = 0.0
) -> None:
    """A frame about a pixel of a picture on the screen, never too small to be seen."""
    size = max(cell, theme.px(7.0))
    x = picture.x + dx + (place[0] + 0.5) * cell - size / 2
    y = picture.y + (place[1] + 0.5) * cell - size / 2
    frame_cell(draw, ImVec2(x, y), size)


def draw_values(
    draw: imgui.ImDrawList, pixels: Pixels, values: Values, corner: Place, low: ImVec2, cell: float
) -> None:
    """Write raw values into the cells of a picture.

    Args:
        values: [num_channels, height, width] of the samples from `corner` on.
        corner: x, y of the first sample.
        low: where the first sample's cell begins on the screen.
    """
    num_channels, height, width = values.shape
    size = imgui.get_font_size()
    line = size * LINE_EM
    for row in range(height):
        for column in range(width):
            text_color = _readable_on(pixels, corner[0] + column, corner[1] + row)
            if not text_color:
                continue
            top = low.y + row * cell + (cell - num_channels * line) / 2
            for idx in range(num_channels):
                text = describe_value(float(values[idx, row, column]), 5)
                x = low.x + column * cell + (cell - imgui.calc_text_size(text).x) / 2
                draw.add_text(ImVec2(x, top + idx * line), text_color, text)


def _color(pixels: Pixels, x: int, y: int) -> int:
    """The packed colour of a pixel; 0 outside the picture."""
    height, width, _ = pixels.shape
    if not (0 <= x < width and 0 <= y < height):
        return 0
    return _packed(pixels[y, x].tolist())


def _packed(levels: Sequence[int]) -> int:
    """The colour of one grey or three levels."""
    red, green, blue = levels if len(levels) == 3 else (levels[0],) * 3
    return 0xFF000000 | blue << 16 | green << 8 | red


def _readable_on(pixels: Pixels, x: int, y: int) -> int:
    """Black or white, whichever stands out; 0 outside the picture."""
    packed = _color(pixels, x, y)
    if not packed:
        return 0
    red, green, blue = packed & 255, packed >> 8 & 255, packed >> 16 & 255
    is_bright = 0.3 * red + 0.59 * green + 0.11 * blue > 120
    return 0xFF000000 if is_bright else 0xFFFFFFFF
