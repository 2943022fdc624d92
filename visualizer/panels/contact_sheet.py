"""Contact sheet: every channel of the shown layer, small, in the place of the picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from imgui_bundle import ImVec2, imgui

from renderer.messages import Sheet
from renderer.state import ViewState
from visualizer import controls, theme
from visualizer.camera import Rect
from visualizer.context import Context, Shown
from visualizer.sheet import ORDERS, TOPIC, SheetData, sheet_question, unpack
from visualizer.texture import PictureTexture

SIZES_EM = (3.0, 5.0, 8.0, 12.0)  # of a thumbnail
GAP_EM = 0.5
PADDING = 4.0  # above and below the grid


@dataclass(frozen=True)
class Grid:
    """Where the thumbnails are on the screen."""

    left: float
    top: float  # of the first row, above the window when it is scrolled
    cell: float  # width of a thumbnail with its gap
    row: float  # height of a thumbnail with its label and gap
    columns: int

    def place(self, idx: int) -> Rect:
        """The rectangle of a place of the grid."""
        x = self.left + idx % self.columns * self.cell
        y = self.top + idx // self.columns * self.row
        return Rect(x, y, self.cell, self.row)

    def index_at(self, x: float, y: float) -> int:
        """The place under a point; −1 beside the grid."""
        column = int((x - self.left) // self.cell)
        if not 0 <= column < self.columns:
            return -1
        return int((y - self.top) // self.row) * self.columns + column


class ContactSheetPanel:
    """Sorted thumbnails; a click shows a channel, a double click goes back to the picture."""

    title: ClassVar[str] = "Channels"

    def __init__(self, context: Context) -> None:
        self._context = context
        self.is_open = False
        self.order = ORDERS[0]
        self.data: SheetData | None = None
        self.grid = Grid(0, 0, 1, 1, 1)
        self.channels: list[int] = []  # in the order shown
        self._sorted: tuple[SheetData, str] | None = None
        self.scroll_to: float | None = None  # where the grid is to be, in pixels
        self._size_idx = 1
        self._is_size_chosen = False  # else as large as all of them fit
        self._texture: PictureTexture | None = None

    def build_ui(self, state: ViewState, result: Shown | None) -> ViewState:
        """Draw the sheet into the rest of the window; returns the new state."""
        if result is None:
            return state
        self._ask(result)
        self._build_bar()
        flags = imgui.WindowFlags_.no_nav.value
        padding = imgui.StyleVar_.window_padding.value
        imgui.push_style_var(padding, ImVec2(theme.px(10), theme.px(PADDING)))
        child = imgui.ChildFlags_.always_use_window_padding.value
        visible = imgui.begin_child("##sheet", ImVec2(0, 0), child, flags)
        imgui.pop_style_var()
        if visible:
            if self.scroll_to is not None:
                imgui.set_scroll_y(self.scroll_to)
                self.scroll_to = None
            state = self._build_grid(state)
        imgui.end_child()
        return state

    def delete(self) -> None:
        """Free the texture while the GL context is current."""
        if self._texture is not None:
            self._texture.delete()
            self._texture = None

    # --- what is shown -------------------------------------------------------------------------

    def _ask(self, result: Shown) -> None:
        question = sheet_question(result.result.request.views[0])
        sheet = self._context.inquiries.ask(TOPIC, question, Sheet)
        if sheet is not None and (self.data is None or self.data.sheet is not sheet):
            self.data = unpack(sheet)
            if self._texture is None:
                self._texture = PictureTexture()
            self._texture.upload(self.data.atlas)
        if self.data is not None and self._sorted != (self.data, self.order):
            self._sorted = (self.data, self.order)
            self.channels = [int(i) for i in self.data.sorted_channels(self.order)]

    def _build_bar(self) -> None:
        imgui.set_cursor_pos_x(imgui.get_style().item_spacing.x)
        imgui.align_text_to_frame_padding()
        imgui.text_colored(theme.TEXT_DIM, "Sort")
        imgui.same_line()
        imgui.begin_group()  # a second row begins below the first button
        orders = self.data.orders if self.data is not None else ORDERS
        for idx, order in enumerate(orders):
            if idx:
                controls.next_to(order)
            text = "In the model's order" if order == ORDERS[0] else f"{order}, highest first"
            if controls.button(order, text, 0, order == self.order):
                self.order = order
        for step, name in ((-1, "Smaller"), (1, "Larger")):
            controls.next_to(name)
            imgui.begin_disabled(not 0 <= self._size_idx + step < len(SIZES_EM))
            if controls.button("-" if step < 0 else "+", f"{name} thumbnails"):
                self._size_idx += step
                self._is_size_chosen = True
            imgui.end_disabled()
        text = "Being computed…"
        if self.data is not None:
            layer = self.data.sheet.layer
            text = f"{layer.name} · {layer.channels} channels"
        controls.flow(text, imgui.get_font_size())
        imgui.align_text_to_frame_padding()
        imgui.text_colored(theme.TEXT_DIM, text)
        imgui.end_group()
        imgui.set_cursor_pos_y(imgui.get_cursor_pos_y() + 1)

    # --- the grid ------------------------------------------------------------------------------

    def _build_grid(self, state: ViewState) -> ViewState:
        if self.data is None or self._texture is None:
            return state
        em, room = imgui.get_font_size(), imgui.get_content_region_avail().x
        if not self._is_size_chosen:
            height = imgui.get_window_height() - theme.px(2 * PADDING)
            self._size_idx = fitting_size(len(self.channels), room / em, height / em)
        size = SIZES_EM[self._size_idx] * em
        line = imgui.get_text_line_height() if size > 4 * em else 0.0
        cell, row = size + GAP_EM * em, size + line + GAP_EM * em
        columns = max(1, int(room // cell))
        num_rows = -(-len(self.channels) // columns)
        origin = imgui.get_cursor_screen_pos()
        self.grid = Grid(origin.x, origin.y, cell, row, columns)
        clicked = imgui.invisible_button("##grid", ImVec2(room, max(num_rows * row, 1.0)))
        hovered = self._hovered() if imgui.is_item_hovered() else -1
        self._draw(state, size, line, hovered)
        if hovered < 0:
            return state
        channel = self.channels[hovered]
        self._build_tooltip(channel)
        if imgui.is_mouse_double_clicked(imgui.MouseButton_.left.value):
            self.is_open = False
        if clicked:
            layer = replace(state.layer, rgb=False, base_channel=channel)
            state = replace(state, layer=layer)
        return state

    def _hovered(self) -> int:
        mouse = imgui.get_mouse_pos()
        idx = self.grid.index_at(mouse.x, mouse.y)
        return idx if 0 <= idx < len(self.channels) else -1

    def _draw(self, state: ViewState, size: float, line: float, hovered: int) -> None:
        """Only the rows in sight."""
        assert self.data is not None
        assert self._texture is not None
        grid, draw = self.grid, imgui.get_window_draw_list()
        self._texture.prepare(1.0, size > 2 * self.data.sheet.thumb_width)
        texture = imgui.ImTextureRef(self._texture.texture_id)
        top = imgui.get_window_pos().y
        first = max(0, int((top - grid.top) // grid.row))
        last = int((top + imgui.get_window_height() - grid.top) // grid.row) + 1
        seen = range(first * grid.columns, min(last * grid.columns, len(self.channels)))
        for idx in seen:  # all pictures, then all letters: each change of texture costs
            place = grid.place(idx)
            u0, v0, u1, v1 = self.data.corner(self.channels[idx])
            low, high = ImVec2(place.x, place.y), ImVec2(place.x + size, place.y + size)
            draw.add_image(texture, low, high, ImVec2(u0, v0), ImVec2(u1, v1))
        shown = -1 if state.layer.rgb else state.layer.base_channel
        self._draw_labels(draw, seen, size, line, hovered, shown)

    def _draw_labels(
        self,
        draw: imgui.ImDrawList,
        seen: range,
        size: float,
        line: float,
        hovered: int,
        shown: int,
    ) -> None:
        """Frames, numbers and values of the thumbnails at places of the grid."""
        assert self.data is not None
        text_color = imgui.get_color_u32(theme.TEXT_DIM)
        value_color = imgui.get_color_u32(theme.TEXT_FAINT)
        accent = imgui.get_color_u32(theme.ACCENT)
        for idx in seen:
            place, channel = self.grid.place(idx), self.channels[idx]
            if channel == shown or idx == hovered:
                low, high = ImVec2(place.x, place.y), ImVec2(place.x + size, place.y + size)
                draw.add_rect(low, high, accent if channel == shown else text_color, 0, 2.0)
            if not line:
                continue
            below = place.y + size
            draw.add_text(ImVec2(place.x, below), text_color, str(channel))
            value = self.data.describe(channel, self.order)
            if value:
                x = place.x + size - imgui.calc_text_size(value).x
                draw.add_text(ImVec2(x, below), value_color, value)

    def _build_tooltip(self, channel: int) -> None:
        assert self.data is not None
        sheet = self.data.sheet
        lines = [
            f"Channel {channel}",
            f"mean {sheet.mean[channel]:.4g}   std {sheet.std[channel]:.4g}",
            f"largest magnitude {sheet.max_abs[channel]:.4g}",
        ]
        if "Out of band" in self.data.keys:
            lines.append(f"out of band {sheet.out_of_band_db[channel]:.1f} dB")
        lines.append("Click: show it · double click: back to the picture")
        controls.tooltip("\n".join(lines).replace("-", "−"))


def fitting_size(count: int, width_em: float, height_em: float) -> int:
    """Index of a middle size of `SIZES_EM`: of the larger where so many thumbnails are in sight."""
    cell = SIZES_EM[2] + GAP_EM
    columns = max(1, int(width_em // cell))
    return 2 if -(-count // columns) * (cell + 1) <= height_em else 1
