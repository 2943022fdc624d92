"""Layers: which activation is shown, and how its values become a picture."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from imgui_bundle import ImVec2, ImVec4, imgui

from renderer.messages import LayerInfo, Sheet, Stats
from renderer.state import LayerState, ViewState
from visualizer import controls, measure, theme
from visualizer.clipping import MANY, ClippedShare, describe_share
from visualizer.context import Context, Shown, with_changes
from visualizer.histogram_plot import HEIGHT_EM, build_histogram
from visualizer.layer_choice import (
    OUTPUT,
    describe_size,
    find_layer,
    num_shown,
    shown_layer,
    step_channel,
)
from visualizer.sheet import TOPIC as SHEET
from visualizer.sheet import sheet_question

_COLUMNS = ("Size", "Ch", "Type")
_Place = tuple[float, float]  # of a cell: its left end and its width
_NARROW_EM = 14.0  # a column below this shows the sizes only
LIST_SHARE = 0.3  # of the column's height, before the list scrolls
_TEXT = imgui.Col_.text.value
_LIST_FLAGS = (
    imgui.TableFlags_.scroll_y.value
    | imgui.TableFlags_.row_bg.value
    | imgui.TableFlags_.no_pad_outer_x.value
    | imgui.TableFlags_.sizing_fixed_fit.value
)
_STATISTICS_FLAGS = (
    imgui.TableFlags_.no_pad_outer_x.value | imgui.TableFlags_.sizing_stretch_same.value
)
_STRETCH = imgui.TableColumnFlags_.width_stretch.value
_FIXED = imgui.TableColumnFlags_.width_fixed.value
_WHOLE_ROW = imgui.SelectableFlags_.span_all_columns.value
_REPEAT = imgui.ItemFlags_.button_repeat.value
_DTYPES = {"float32": "f32", "float16": "f16", "bfloat16": "bf16", "float64": "f64"}


class LayersPanel:
    """The list of layers, RGB or one channel, gain, statistics of the raw values."""

    title: ClassVar[str] = "Layers"

    def __init__(self, context: Context) -> None:
        self._context = context
        self._scrolled_to: tuple[str, str] | None = None  # (model, layer) last brought into sight
        self._clipped = ClippedShare()
        self._table: _Table | None = None

    def build_ui(self, state: ViewState, result: Shown | None) -> ViewState:
        """Draw the panel; returns the new state."""
        if result is None:
            controls.note("The layers are listed with the first picture.")
            return state
        layer = state.layer
        if layer.name is not None and find_layer(result.layers, layer.name) is None:
            controls.note(f"{layer.name} is not in this model; the picture is shown instead.")
        layer = self._build_list(layer, result)
        info = shown_layer(result.layers, layer.name)
        layer = _build_channel(layer, info)
        layer = _build_levels(layer)
        layer = self._build_clipped(layer, result)
        _build_statistics(result)
        self._build_histogram(result)
        return with_changes(state, layer=layer)

    def _build_list(self, layer: LayerState, result: Shown) -> LayerState:
        layers = result.layers
        row_height = imgui.get_text_line_height() + 2 * imgui.get_style().cell_padding.y
        fitting = max(5, int(LIST_SHARE * imgui.get_window_height() / row_height))
        num_rows = min(len(layers), fitting)
        table = self._fitting_table(layers)
        size = ImVec2(0, (num_rows + 1) * row_height)
        if not imgui.begin_table("##layers", 1 + len(table.columns), _LIST_FLAGS, size):
            return layer
        places = _build_header(table.columns)
        current = shown_layer(layers, layer.name).name
        for name, cells in table.rows.items():
            if _build_row(name, cells, name == current, places):
                layer = replace(layer, name=None if name == OUTPUT else name)
        place = list(table.rows).index(current)
        heights = place * row_height, num_rows * row_height, row_height
        self._follow((result.model.source, current), *heights)
        imgui.end_table()
        return layer

    def _fitting_table(self, layers: Sequence[LayerInfo]) -> _Table:
        """The texts of the list; in a narrow window the names go first."""
        narrow = imgui.get_content_region_avail().x < _NARROW_EM * measure.em
        known = self._table
        if known is None or not known.suits(layers, measure.em, narrow):
            known = self._table = _Table(layers, measure.em, narrow)
        known.layers = layers  # every picture brings its own
        return known

    def _build_clipped(self, layer: LayerState, result: Shown) -> LayerState:
        """How much is clipped; a layer that mostly is has a remedy beside it."""
        share = self._clipped.share_of(result, time.monotonic())
        controls.label("Clipped")
        text = "Pixels that are black or white because a shown channel is beyond −1…1"
        is_picture = shown_layer(result.layers, layer.name).name == OUTPUT
        if share < MANY or is_picture or layer.normalize:
            imgui.text_colored(theme.TEXT_DIM, describe_share(share))
            controls.tooltip(text)
        elif controls.button(f"{describe_share(share)}: Normalize###remedy", text, -1):
            layer = replace(layer, normalize=True)
        return layer

    def _build_histogram(self, result: Shown) -> None:
        """Of the shown channels; computed when it is looked at."""
        if not controls.fold("Histogram"):
            return
        view = result.result.request.views[0]
        sheet = self._context.inquiries.ask(SHEET, sheet_question(view), Sheet)
        base, num = result.tile.base_channel, result.tile.num_shown_channels
        if sheet is not None and base + num <= sheet.layer.channels:
            display = view.display
            scale_db = math.inf if display.normalize else display.scale_db
            height = HEIGHT_EM * imgui.get_font_size()
            build_histogram(sheet, range(base, base + num), scale_db, height)
            controls.tooltip("Lines: what is shown as black and as white")
        else:
            controls.note("Being computed…")
        imgui.tree_pop()

    def _follow(
        self, choice: tuple[str, str], place: float, height: float, row_height: float
    ) -> None:
        """Bring the chosen row into sight when the choice has changed elsewhere."""
        if self._scrolled_to != choice:
            self._scrolled_to = choice
            low = imgui.get_scroll_y()
            if not low <= place <= low + height * 0.9:
                middle = round((place - height / 2) / row_height) * row_height  # no row in parts
                imgui.set_scroll_y(max(0.0, middle))


class _Table:
    """The texts of the list and how wide its columns are."""

    def __init__(self, layers: Sequence[LayerInfo], em: float, narrow: bool) -> None:
        self.layers, self.em, self.narrow = layers, em, narrow
        self.rows = {info.name: _cells(info) for info in layers}
        self.columns: dict[str, float] = {}  # beside the names
        for idx, name in enumerate(_COLUMNS[:1] if narrow else _COLUMNS):
            longest = max((row[idx] for row in self.rows.values()), key=len, default="")
            self.columns[name] = max(measure.width(text) for text in (name, longest))

    def suits(self, layers: Sequence[LayerInfo], em: float, narrow: bool) -> bool:
        """Whether it was made for the like of these."""
        is_known = self.layers is layers or self.layers == layers
        return is_known and (self.em, self.narrow) == (em, narrow)


def _cells(info: LayerInfo) -> tuple[str, str, str]:
    return describe_size(info), str(info.channels), _DTYPES.get(info.dtype, info.dtype)


def _build_header(columns: dict[str, float]) -> list[_Place]:
    """The names of the columns; returns where those are that have texts at the right."""
    imgui.table_setup_column("Layer", _STRETCH)
    for name, width in columns.items():  # right-aligned text would keep a column from shrinking
        imgui.table_setup_column(name, _FIXED, width)
    imgui.table_setup_scroll_freeze(0, 1)
    imgui.push_style_color(_TEXT, theme.TEXT_FAINT)
    imgui.table_next_row()
    imgui.table_next_column()
    imgui.text_unformatted(" Layer")
    places = []
    for name in columns:
        imgui.table_next_column()
        places.append(_place())
        _text_right(name, places[-1])
    imgui.pop_style_color()
    return places


def _build_row(name: str, cells: tuple[str, ...], chosen: bool, places: list[_Place]) -> bool:
    imgui.table_next_row()
    imgui.table_next_column()
    imgui.push_style_color(_TEXT, theme.ACCENT if chosen else theme.TEXT)
    clicked = imgui.selectable(f" {name}", chosen, _WHOLE_ROW)[0]
    imgui.pop_style_color()
    if not imgui.is_item_visible():
        return bool(clicked)  # scrolled out of sight
    imgui.push_style_color(_TEXT, theme.TEXT_DIM)
    for text, place in zip(cells, places, strict=False):  # a narrow list has fewer columns
        imgui.table_next_column()
        _text_right(text, place)
    imgui.pop_style_color()
    return bool(clicked)


def _build_channel(layer: LayerState, info: LayerInfo) -> LayerState:
    controls.label("Show", not layer.rgb)
    width = controls.half_width()
    if controls.button("RGB", "Three channels as red, green and blue", width, layer.rgb):
        layer = replace(layer, rgb=True)
    controls.next_to()
    text = "One channel as grey"
    if controls.button("Channel", text, width, not layer.rgb):
        layer = replace(layer, rgb=False)
    num = num_shown(layer, info)
    last = info.channels - num
    base = min(layer.base_channel, last)
    controls.label("Channel", base != 0)
    imgui.begin_disabled(last == 0)
    button, spacing = measure.frame_height, measure.inner_x
    imgui.push_item_flag(_REPEAT, True)
    if controls.button("-##channel", "The channel before (key ,)", button):
        layer = step_channel(layer, info, -1)
    controls.next_to()
    wide = imgui.get_content_region_avail().x - button - spacing
    new = controls.integer(
        "channel", base, 0, limits=(0, last), speed=max(0.05, info.channels / 2000), width=wide,
        shown=f"{base}–{base + 2}" if num == 3 else None, unit=f"of {info.channels}",
        help_text="First channel shown; drag, type, or step with , and .",
    )  # fmt: skip
    if new != base:
        layer = replace(layer, base_channel=new)
    controls.next_to()
    if controls.button("+##channel", "The next channel (key .)", button):
        layer = step_channel(layer, info, 1)
    imgui.pop_item_flag()
    imgui.end_disabled()
    return layer


def _build_levels(layer: LayerState) -> LayerState:
    controls.label("Gain", layer.scale_db != 0)
    scale_db = controls.number(
        "gain", layer.scale_db, 0.0, limits=(-40.0, 40.0), speed=0.1, digits=1, unit="dB",
        help_text="Values are multiplied by 10^(dB/20); −1…1 is black to white",
    )  # fmt: skip
    controls.label("Levels", layer.normalize)
    normalize = controls.toggle(
        "normalize",
        layer.normalize,
        "Normalize",
        help_text="Divide each channel by its largest magnitude",
    )
    controls.label("")
    mark = controls.toggle(
        "mark_outside",
        layer.mark_outside,
        "Mark clipping",
        help_text="Red: a shown channel is above 1 after the gain; blue: below −1",
    )
    return with_changes(layer, scale_db=scale_db, normalize=normalize, mark_outside=mark)


def _build_statistics(result: Shown) -> None:
    """Mean, deviation and largest magnitude: of all channels, and of those shown."""
    stats: Stats = result.tile.stats
    num = result.tile.num_shown_channels
    base = result.tile.base_channel
    if not imgui.begin_table("##statistics", 3, _STATISTICS_FLAGS):
        return
    shown = f"ch {base}" if num == 1 else f"ch {base}–{base + num - 1}"
    _build_cells("Raw values", "all", shown, theme.TEXT_FAINT)
    for name, pair in (("Mean", stats.mean), ("Std", stats.std), ("Max abs", stats.max_abs)):
        _build_cells(name, f"{pair[0]:.4g}", f"{pair[1]:.4g}", theme.TEXT)
    imgui.end_table()


def _build_cells(name: str, first: str, second: str, color: ImVec4) -> None:
    imgui.table_next_row()
    imgui.table_next_column()
    fits = measure.width(name) <= imgui.get_content_region_avail().x
    imgui.text_colored(theme.TEXT_DIM, name if fits else name.partition(" ")[0])
    imgui.push_style_color(_TEXT, color)
    for text in (first, second):
        imgui.table_next_column()
        _text_right(text, _place())
    imgui.pop_style_color()


def _place() -> _Place:
    """Where the present cell begins and how wide it is."""
    return imgui.get_cursor_pos_x(), imgui.get_content_region_avail().x


def _text_right(text: str, place: _Place) -> None:
    offset = place[1] - measure.width(text)
    if offset > 0:
        imgui.set_cursor_pos_x(place[0] + offset)
    imgui.text_unformatted(text)
