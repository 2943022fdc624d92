"""The enlarged neighbourhood of a pixel."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from imgui_bundle import ImVec2

from visualizer import magnifier


@pytest.mark.parametrize("place", [(0, 0), (2, 1), (3, 3), (-9, 2), (40, 40)])
@pytest.mark.parametrize("num_channels", [1, 3])
def test_every_cell_has_the_colour_of_its_pixel_and_none_lies_beyond_the_picture(
    monkeypatch: pytest.MonkeyPatch, place: tuple[int, int], num_channels: int
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, num_channels), dtype=np.uint8)
    cells: dict[tuple[int, int], int] = {}

    def fill(low: ImVec2, high: ImVec2, color: int) -> None:
        if high.x - low.x == 10:
            cells[round((low.x - 7) / 10), round((low.y - 8) / 10)] = color

    draw = SimpleNamespace(add_rect_filled=fill, add_rect=lambda *_: None)
    fake: Any = SimpleNamespace(
        get_cursor_screen_pos=lambda: ImVec2(7, 8),
        dummy=lambda _: None,
        is_item_visible=lambda: True,
        get_window_draw_list=lambda: draw,
        get_color_u32=lambda _: 0,
    )
    monkeypatch.setattr(magnifier, "imgui", fake)
    magnifier.build_magnifier(pixels, place, 5, 50.0)
    wanted = {}
    for y, x in np.ndindex(4, 5):
        column, row = x - place[0] + 2, y - place[1] + 2
        if 0 <= column < 5 and 0 <= row < 5:
            red, green, blue = (int(v) for v in np.broadcast_to(pixels[y, x], 3))
            wanted[column, row] = 0xFF000000 | blue << 16 | green << 8 | red
    assert cells == wanted
