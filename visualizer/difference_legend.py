"""The scale of a difference: which raw values its greys or colours stand for."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from imgui_bundle import ImVec2, ImVec4, imgui

from renderer.state import CompareState
from visualizer import controls, theme

# matplotlib's viridis (CC0) at every eighth
VIRIDIS = (
    (68, 1, 84),
    (71, 44, 122),
    (59, 81, 139),
    (44, 113, 142),
    (33, 144, 141),
    (39, 173, 129),
    (92, 200, 99),
    (170, 220, 50),
    (253, 231, 37),
)
_GREYS = ((0, 0, 0), (255, 255, 255))
BAR_EM = 0.7
WIDTH_EM = 13.0  # over the picture
_HELP = (
    "Raw values: the picture's black is −1 and its white +1, so 0.01 is a little more than one "
    "of its 256 levels"
)


@dataclass(frozen=True)
class Legend:
    """The values at both ends of the scale."""

    low: float
    high: float
    unit: str
    in_colors: bool


def legend_of(comparison: CompareState) -> Legend:
    """The scale of a difference as it is shown."""
    limit = 10 ** (-comparison.gain_db / 20)
    if comparison.kind == "squared":
        return Legend(0.0, limit**2, "raw²", comparison.in_colors)
    low = -limit if comparison.kind == "signed" else 0.0
    return Legend(low, limit, "raw", comparison.in_colors)


def build_ui(legend: Legend) -> None:
    """A bar with the values at its ends and in its middle, as a row of a panel."""
    width, font_px = imgui.get_content_region_avail().x, imgui.get_font_size()
    _draw(legend, imgui.get_cursor_screen_pos(), width, theme.TEXT_DIM)
    imgui.dummy(ImVec2(width, (BAR_EM + 1) * font_px))
    controls.tooltip(_HELP)


def draw_over(legend: Legend, corner: ImVec2, room: float) -> ImVec2:
    """The same over the picture, with its lower right end at a corner; returns the upper left."""
    font_px = imgui.get_font_size()
    pad = 0.4 * font_px
    width = min(WIDTH_EM * font_px, room - 2 * pad)
    low = ImVec2(corner.x - width - 2 * pad, corner.y - (BAR_EM + 1) * font_px - 2 * pad)
    draw = imgui.get_window_draw_list()
    draw.add_rect_filled(low, corner, imgui.get_color_u32(ImVec4(0, 0, 0, 0.55)), 3.0)
    _draw(legend, ImVec2(low.x + pad, low.y + pad), width, theme.grey(255, 0.9))
    return low


def _draw(legend: Legend, origin: ImVec2, width: float, text_color: ImVec4) -> None:
    draw = imgui.get_window_draw_list()
    height = imgui.get_font_size() * BAR_EM
    colors = [_packed(*color) for color in (VIRIDIS if legend.in_colors else _GREYS)]
    step = width / (len(colors) - 1)
    for idx, (left, right) in enumerate(itertools.pairwise(colors)):
        low = ImVec2(origin.x + idx * step, origin.y)
        high = ImVec2(low.x + step, origin.y + height)
        draw.add_rect_filled_multi_color(low, high, left, right, right, left)
    texts = write(legend.low), write((legend.low + legend.high) / 2), write(legend.high)
    for share, text in zip((0.0, 0.5, 1.0), (*texts[:2], f"{texts[2]} {legend.unit}"), strict=True):
        x = origin.x + share * (width - imgui.calc_text_size(text).x)
        draw.add_text(ImVec2(x, origin.y + height), imgui.get_color_u32(text_color), text)


def write(value: float) -> str:
    """A value at the scale, such as −0.0316."""
    return f"{value:.3g}".replace("-", "−")


def _packed(red: int, green: int, blue: int) -> int:
    return int(imgui.get_color_u32(ImVec4(red / 255, green / 255, blue / 255, 1)))
