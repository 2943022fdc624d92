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
    """A bar with the values at its ends and in its middle."""
    origin, width = imgui.get_cursor_screen_pos(), imgui.get_content_region_avail().x
    height = imgui.get_font_size() * 0.7
    draw = imgui.get_window_draw_list()
    colors = [
        _packed(*color) for color in (VIRIDIS if legend.in_colors else ((0,) * 3, (255,) * 3))
    ]
    step = width / (len(colors) - 1)
    for idx, (left, right) in enumerate(itertools.pairwise(colors)):
        low = ImVec2(origin.x + idx * step, origin.y)
        high = ImVec2(low.x + step, origin.y + height)
        draw.add_rect_filled_multi_color(low, high, left, right, right, left)
    imgui.dummy(ImVec2(width, height))
    controls.tooltip(_HELP)
    middle = (legend.low + legend.high) / 2
    start = imgui.get_cursor_pos_x()
    for share, text in (
        (0.0, write(legend.low)),
        (0.5, write(middle)),
        (1.0, f"{write(legend.high)} {legend.unit}"),
    ):
        imgui.set_cursor_pos_x(start + share * (width - imgui.calc_text_size(text).x))
        imgui.text_colored(theme.TEXT_DIM, text)
        controls.tooltip(_HELP)
        if share < 1:
            imgui.same_line()


def write(value: float) -> str:
    """A value at the scale, such as −0.0316."""
    return f"{value:.3g}".replace("-", "−")


def _packed(red: int, green: int, blue: int) -> int:
    return int(imgui.get_color_u32(ImVec4(red / 255, green / 255, blue / 255, 1)))
