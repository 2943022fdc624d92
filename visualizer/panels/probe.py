"""Pixel: raw values under the mouse, where they are, a magnifier; channels of a clicked pixel."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import ClassVar

import numpy as np
from imgui_bundle import ImVec2, ImVec4, imgui

from renderer.messages import LayerInfo, Probe, View
from renderer.state import ViewState
from visualizer import controls, icons, theme
from visualizer.context import Context, Shown
from visualizer.layer_choice import find_layer
from visualizer.magnifier import build_magnifier
from visualizer.pointer import (
    Place,
    Values,
    ask_around,
    describe_value,
    position_of,
    raw_view,
    region_around,
    region_at,
    signed,
    value_at,
)

RANK_TOPIC = "channels"
OTHER_TOPIC = "pointer of B"
NUM_RANKED = 12
NUM_CELLS = 11
_NAMES = ("R", "G", "B")
_THREE_EM = 3.0  # width of a value beside two others
_NOT_READ = np.empty(0, np.float32)  # of B while A alone is shown: no panel moves when flipping


class ProbePanel:
    """Needs no network run: the values are those of the picture on the screen."""

    title: ClassVar[str] = "Pixel"

    def __init__(self, context: Context) -> None:
        self._context = context
        self._last: Place | None = None  # stays when the mouse comes here to read
        self.ranked: list[tuple[int, float]] = []  # channel and value, the largest first
        self._ranked_of: Probe | None = None

    def build_ui(self, state: ViewState, result: Shown | None) -> ViewState:
        """Draw the panel; returns the new state."""
        pointer = self._context.pointer
        pointer.is_wanted = True
        layer = shown_info(result)
        if result is None or layer is None or result.pixels is None:
            return state
        if pointer.place is not None and pointer.place[0] >= layer.width:
            _build_frequency(pointer.place, layer)
            return state
        self._last = pointer.place or pointer.pinned or self._last
        if self._last is None:
            controls.note("Point at the picture to read its raw values; click to pin a pixel.")
            return state
        view = result.result.request.views[0]
        place = _within(self._last, layer)
        probe = ask_around(self._context.inquiries, place, view)
        _build_position(place, layer)
        _build_values(value_at(probe, place, view), result, self._other_values(place, layer))
        side = min(imgui.get_content_region_avail().x, 11 * imgui.get_font_size())
        build_magnifier(result.pixels, place, NUM_CELLS, side)
        controls.tooltip("At 4800 % and more, the picture itself shows the values")
        return self._build_ranking(state, layer, view)

    def _other_values(self, place: Place, layer: LayerInfo) -> Values | None:
        """At the same place of the picture that is compared with, whatever its size."""
        comparison = self._context.comparison
        shown = comparison.shown
        other = shown_info(shown)
        if not comparison.is_on or shown is None or other is None:
            self._context.inquiries.forget(OTHER_TOPIC)
            return None if comparison.state.pinned is None else _NOT_READ
        view = _view_of(shown)
        place = same_place(place, layer, other)
        question = region_around(place, view)
        probe = self._context.inquiries.ask(OTHER_TOPIC, question, Probe)
        values = value_at(probe, place, view)
        return np.empty(0, np.float32) if values is None else values  # its columns stay

    def _build_ranking(self, state: ViewState, layer: LayerInfo, view: View) -> ViewState:
        pointer, inquiries = self._context.pointer, self._context.inquiries
        if pointer.pinned is None:
            inquiries.forget(RANK_TOPIC)
            return state
        place = _within(pointer.pinned, layer)
        question = replace(region_at(*place, 1, 1, raw_view(view)), all_channels=True)
        probe = inquiries.ask(RANK_TOPIC, question, Probe)
        if controls.button(f"{icons.CLOSE}##unpin", "Let the pixel go (Esc)"):
            pointer.pinned = None
        controls.next_to()
        imgui.align_text_to_frame_padding()
        imgui.text_colored(theme.TEXT_DIM, f"Channels at {place[0]}, {place[1]}")
        controls.tooltip("Of all channels of the layer those with the largest values, first")
        if probe is None or probe.layer.name != layer.name:
            return state
        self._rank(probe)
        for idx, value in self.ranked:
            if _build_bar(idx, value, abs(self.ranked[0][1]), state.layer.base_channel == idx):
                state = replace(state, layer=replace(state.layer, rgb=False, base_channel=idx))
        return state

    def _rank(self, probe: Probe) -> None:
        if self._ranked_of is not probe:
            self._ranked_of = probe
            values = np.frombuffer(probe.values, "<f4")
            order = np.argsort(-np.abs(values), kind="stable")[:NUM_RANKED]
            self.ranked = [(int(i), float(values[i])) for i in order]


def shown_info(result: Shown | None) -> LayerInfo | None:
    """The layer of the picture on the screen."""
    if result is None:
        return None
    name = _view_of(result).display.layer
    found = find_layer(result.layers, name) if name else None
    return found or (result.layers[-1] if result.layers else None)


def same_place(place: Place, layer: LayerInfo, other: LayerInfo) -> Place:
    """The sample of another layer that lies where this one does in the frame of the picture."""
    x = int((place[0] + 0.5) * other.width / layer.width)
    return x, int((place[1] + 0.5) * other.height / layer.height)


def _view_of(result: Shown) -> View:
    return next(v for v in result.result.request.views if v.name == result.tile.name)


def _within(place: Place, layer: LayerInfo) -> Place:
    return min(place[0], layer.width - 1), min(place[1], layer.height - 1)


def _build_position(place: Place, layer: LayerInfo) -> None:
    controls.label("Sample")
    _row(f"x {place[0]}", f"y {place[1]}")
    controls.tooltip(f"Of {layer.name}, counted from the upper left")
    controls.label("Widths")
    position = position_of(place, layer)
    _row(signed(position.x_widths), signed(position.y_widths))
    controls.tooltip("From the centre of the picture, in image widths; margins lie beyond ±0.5")


def _build_frequency(place: Place, layer: LayerInfo) -> None:
    """In the spectrum beside the picture: which frequency the pixel stands for."""
    rate = layer.sampling_rate or float(layer.width)
    controls.label("Frequency")
    f_x = (place[0] - layer.width - layer.width // 2) * rate / layer.width
    f_y = (place[1] - layer.height // 2) * rate / layer.height
    _row(f"x {signed(f_x, 1)}", f"y {signed(f_y, 1)}")
    controls.tooltip("In cycles per image width")
    controls.label("Radius")
    imgui.text_unformatted(f"{math.hypot(f_x, f_y):.1f}")


def _build_values(values: Values | None, result: Shown, other: Values | None) -> None:
    """One row a channel; beside it the value of B and the difference, while there is a B."""
    num, base = result.tile.num_shown_channels, result.tile.base_channel
    is_picture = num == 3 and base == 0 and shown_is_output(result)
    limit = 10 ** (-_gain_db(result) / 20)
    if other is not None:
        controls.label("")
        _build_three(("A", "B", "A − B"), (theme.TEXT_DIM,) * 3)
    for idx in range(num):
        controls.label(_NAMES[idx] if is_picture else f"Channel {base + idx}")
        value = _value(values, idx)
        if other is not None:
            b = _value(other, idx)
            texts = [_write(v, 6) for v in (value, b, difference(value, b))]
            if other is _NOT_READ:
                texts[1:] = "–", "–"
            colors = _color(value, limit), _color(b, limit), theme.TEXT
            _build_three((texts[0], texts[1], texts[2]), colors)
            text = "Raw values of A and of B at the same place, and their difference"
            controls.tooltip("Show B to read its values" if other is _NOT_READ else text)
        else:
            imgui.text_colored(_color(value, limit), _write(value, 9))
            outside = value is not None and abs(value) > limit
            controls.tooltip("Outside the displayable range" if outside else "Raw value")


def difference(a: float | None, b: float | None) -> float | None:
    """a − b, where both are known."""
    return None if a is None or b is None else a - b


def _value(values: Values | None, idx: int) -> float | None:
    return float(values[idx]) if values is not None and idx < len(values) else None


def _write(value: float | None, room: int) -> str:
    return "…" if value is None else describe_value(value, room)


def _color(value: float | None, limit: float) -> ImVec4:
    return theme.ACCENT if value is not None and abs(value) > limit else theme.TEXT


def _build_three(texts: tuple[str, str, str], colors: tuple[ImVec4, ...]) -> None:
    """Three texts in columns; under the label where they do not fit beside it."""
    if controls.half_width(3) < _THREE_EM * imgui.get_font_size():
        imgui.new_line()
    start, width = imgui.get_cursor_pos_x(), controls.half_width(3)
    imgui.begin_group()
    for idx, (text, color) in enumerate(zip(texts, colors, strict=True)):
        if idx:
            imgui.same_line()
            imgui.set_cursor_pos_x(start + idx * (width + imgui.get_style().item_inner_spacing.x))
        imgui.text_colored(color, text)
    imgui.end_group()


def shown_is_output(result: Shown) -> bool:
    """Whether the picture itself is shown, not a layer inside."""
    layer = shown_info(result)
    return layer is not None and layer is result.layers[-1]


def _gain_db(result: Shown) -> float:
    display = result.result.request.views[0].display
    return 0.0 if display.normalize else display.scale_db


def _row(first: str, second: str) -> None:
    start = imgui.get_cursor_pos_x()
    width = controls.half_width()
    imgui.text_unformatted(first)
    imgui.same_line(start + width + imgui.get_style().item_inner_spacing.x)
    imgui.text_unformatted(second)


def _build_bar(channel: int, value: float, largest: float, is_shown: bool) -> bool:
    """One channel: its number, a bar from the middle, its value; True when clicked."""
    origin = imgui.get_cursor_screen_pos()
    width = imgui.get_content_region_avail().x
    height = imgui.get_text_line_height()
    clicked = imgui.selectable(f"##rank{channel}", is_shown, 0, ImVec2(width, height))[0]
    controls.tooltip(f"Show channel {channel}")
    draw = imgui.get_window_draw_list()
    em = imgui.get_font_size()
    text = describe_value(value, 7)
    left, right = origin.x + 3 * em, origin.x + width - 4.2 * em
    middle = (left + right) / 2
    end = middle + (right - left) / 2 * value / (largest or 1.0)
    low = ImVec2(min(middle, end), origin.y + height * 0.25)
    high = ImVec2(max(middle, end), origin.y + height * 0.75)
    color = theme.ACCENT if is_shown else theme.TEXT_FAINT
    draw.add_rect_filled(low, high, imgui.get_color_u32(color))
    plain = imgui.get_color_u32(theme.TEXT)
    draw.add_text(origin, plain, str(channel))
    place = ImVec2(origin.x + width - imgui.calc_text_size(text).x, origin.y)
    draw.add_text(place, plain, text)
    return bool(clicked)
