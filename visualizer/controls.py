"""The controls that every panel uses: label left, value right, unit in the value.

All of them take a value and return a new one. A value changed from its default is drawn in the
accent colour; a right click resets it; a double click or Ctrl+click types it. What is scrolled out
of sight is left undrawn: Dear ImGui does so with its own part.
"""

from __future__ import annotations

import math

from imgui_bundle import ImVec2, ImVec4, imgui

from visualizer import fit_text, measure, theme

ellipsis = fit_text.ellipsis
LABEL_EM = 5.3
LABEL_SHARE = 0.36  # of a narrow column
# Looking up a member of an enumeration takes longer than most calls that it is for
_FOR_TOOLTIP = imgui.HoveredFlags_.for_tooltip.value | imgui.HoveredFlags_.allow_when_disabled.value
_TEXT = imgui.Col_.text.value
_FRAME_PADDING = imgui.StyleVar_.frame_padding.value
_CLAMP = imgui.SliderFlags_.always_clamp.value
_SEED = imgui.InputTextFlags_.chars_decimal.value | imgui.InputTextFlags_.auto_select_all.value
_FORMATS = tuple(f"%.{digits}f" for digits in range(8))
_CLEAR = ImVec4(0, 0, 0, 0)


def label(text: str, changed: bool = False) -> None:
    """The left column of a row; leaves the cursor at the start of the value column."""
    start, room = imgui.get_cursor_pos_x(), imgui.get_content_region_avail().x
    width = min(LABEL_EM * measure.em, LABEL_SHARE * room)
    imgui.align_text_to_frame_padding()
    shown = ellipsis(text, width - theme.px(2))
    imgui.text_colored(theme.TEXT if changed else theme.TEXT_DIM, shown)
    if shown != text:
        tooltip(text)
    imgui.same_line()
    imgui.set_cursor_pos_x(start + width)


def tooltip(text: str) -> None:
    """Explain the last item when the mouse rests on it, disabled or not."""
    if text and imgui.is_item_hovered(_FOR_TOOLTIP):
        imgui.push_text_wrap_pos(imgui.get_font_size() * 22)
        if imgui.begin_tooltip():
            imgui.push_text_wrap_pos(imgui.get_font_size() * 22)
            imgui.text_unformatted(text)
            imgui.pop_text_wrap_pos()
            imgui.end_tooltip()
        imgui.pop_text_wrap_pos()


def number(
    name: str,
    value: float,
    default: float,
    *,
    limits: tuple[float, float],
    speed: float,
    digits: int = 2,
    unit: str = "",
    prefix: str = "",
    width: float = -1.0,
    help_text: str = "",
) -> float:
    """A number to drag or type.

    Args:
        limits: lowest and highest value; a bar shows the place between finite ones.
        speed: change per pixel of dragging.
        prefix: a dim name inside the field, such as "x".
    """
    imgui.set_next_item_width(width)
    was_typing = _is_typing(name)
    if not was_typing:  # the text is drawn below, right-aligned
        imgui.push_style_color(_TEXT, _CLEAR)
    changed, new = imgui.drag_float(f"##{name}", value, speed, *limits, _FORMATS[digits], _CLAMP)
    if not was_typing:
        imgui.pop_style_color()
    # Dear ImGui computes in 32 bits: 0.01 must not come back as 0.009999999776
    new = round(float(new), 6) if changed and math.isfinite(new) else value
    new = min(max(new, limits[0]), limits[1]) if changed else value
    if _reset_clicked():
        new = default
    if imgui.is_item_visible():
        field = _Field()
        if not was_typing:
            text = fit_text.fit_number(new, digits, field.room)
            _draw_value(text, unit, prefix, new != default, field)
        field.draw_bar(new, default, limits)
    tooltip(help_text)
    return new


def integer(
    name: str,
    value: int,
    default: int,
    *,
    limits: tuple[int, int],
    speed: float = 0.1,
    unit: str = "",
    prefix: str = "",
    shown: str | None = None,
    width: float = -1.0,
    help_text: str = "",
) -> int:
    """A whole number to drag or type; `shown` is written instead of the digits."""
    imgui.set_next_item_width(width)
    was_typing = _is_typing(name)
    if not was_typing:
        imgui.push_style_color(_TEXT, _CLEAR)
    changed, new = _drag_integer(name, value, speed, limits, _CLAMP)
    if not was_typing:
        imgui.pop_style_color()
    if _reset_clicked():
        changed, new = True, default
    if imgui.is_item_visible():
        field = _Field()
        if not was_typing:
            text = str(new) if shown is None else shown
            _draw_value(text, unit, prefix, new != default, field)
        if limits[1] - limits[0] < 1000:
            field.draw_bar(new, default, limits)
    tooltip(help_text)
    return min(max(new, limits[0]), limits[1]) if changed else value


def _drag_integer(
    name: str, value: int, speed: float, limits: tuple[int, int], flags: int
) -> tuple[bool, int]:
    if limits[1] < 2**31:
        return imgui.drag_int(f"##{name}", value, speed, *limits, "%d", flags)
    # Dear ImGui's drag_int has 32 signed bits and seeds have 32 unsigned: a double holds both
    changed, new = imgui.drag_float(f"##{name}", value, max(speed, 1.0), *limits, "%.0f", flags)
    return changed, round(new)


def seed(name: str, value: int, default: int, help_text: str = "", width: float = -1.0) -> int:
    """A seed of 32 bits: typed exactly, with − and + beside it."""
    imgui.set_next_item_width(width)
    was_active = _is_typing(name)
    if not was_active:
        imgui.push_style_color(_TEXT, _CLEAR)
    _, text = imgui.input_text(f"##{name}", str(value), _SEED)
    if not was_active:
        imgui.pop_style_color()
    new = value
    if imgui.is_item_deactivated_after_edit() and text.strip().lstrip("-").isdecimal():
        new = min(max(int(text), 0), 0xFFFFFFFF)
    if _reset_clicked():
        new = default
    if not was_active and imgui.is_item_visible():
        _draw_value(str(new), "", "", new != default, _Field())
    tooltip(help_text)
    return new


def path(name: str, value: str) -> str:
    """A field for a path; the end of a long one is seen, which tells more than its beginning."""
    was_active = _is_typing(name)
    if not was_active:
        imgui.push_style_color(_TEXT, _CLEAR)
    _, text = imgui.input_text(f"##{name}", value)
    if not was_active:
        imgui.pop_style_color()
    if not was_active and imgui.is_item_visible():
        field = _Field()
        place = ImVec2(field.left + measure.padding_x, field.top + measure.padding_y)
        shown = ellipsis(text, field.room, keep_end=True)
        field.draw.add_text(place, field.color(theme.TEXT), shown)
    return text


def toggle(
    name: str, value: bool, text: str = "", default: bool = False, help_text: str = ""
) -> bool:
    """A tick box with its text."""
    colored = value != default
    shown = fit_text.fit_toggle(text)
    if colored:
        imgui.push_style_color(_TEXT, theme.ACCENT)
    changed, new = imgui.checkbox(f"{shown}##{name}", value)
    if colored:
        imgui.pop_style_color()
    if _reset_clicked():
        changed, new = True, default
    tooltip(help_text)
    return bool(new) if changed else value


def button(text: str, help_text: str = "", width: float = 0.0, active: bool = False) -> bool:
    """A button; an active one has the accent colour. A text too wide for it is shortened."""
    if active:
        imgui.push_style_color(_TEXT, theme.ACCENT)
    room = width if width > 0 else imgui.get_content_region_avail().x
    width = room if width < 0 else width
    text, padding_x = fit_text.fit_button(text, room)
    is_narrow = padding_x != measure.padding_x
    if is_narrow:
        imgui.push_style_var(_FRAME_PADDING, ImVec2(padding_x, measure.padding_y))
    pressed = imgui.button(text, ImVec2(width, 0))
    if is_narrow:
        imgui.pop_style_var()
    if active:
        imgui.pop_style_color()
        if imgui.is_item_visible():
            _Field().underline(theme.ACCENT)
    tooltip(help_text)
    return bool(pressed)


def fold(label: str) -> bool:
    """A part that is shut until it is opened; `imgui.tree_pop` ends an open one."""
    text, mark, name = label.partition("##")
    padding = theme.px(2)
    room = imgui.get_content_region_avail().x - imgui.get_font_size() - 2 * padding
    shown = ellipsis(text, room)
    imgui.push_style_var(imgui.StyleVar_.frame_padding.value, ImVec2(padding, padding))
    opened = imgui.tree_node(f"{shown}{mark}{name}")
    imgui.pop_style_var()
    if shown != text:
        tooltip(text)
    return bool(opened)


def half_width(num: int = 2) -> float:
    """The width of one of `num` fields that share the rest of the row."""
    room = imgui.get_content_region_avail().x
    return float((room - measure.inner_x * (num - 1)) / num)


def next_to(text: str = "") -> None:
    """Put the next control into the same row; a button with `text` only if it fits there."""
    imgui.same_line(0, measure.inner_x)
    if text and button_width(text) > imgui.get_content_region_avail().x:
        imgui.new_line()


def button_width(text: str) -> float:
    """The width that a button needs for its text."""
    return measure.width(text) + 2 * measure.padding_x


def note(text: str) -> None:
    """A dim sentence, wrapped."""
    imgui.push_style_color(_TEXT, theme.TEXT_DIM)
    imgui.text_wrapped(text)
    imgui.pop_style_color()


def flow(text: str, gap: float) -> None:
    """Put the next text into the same row if it fits there."""
    imgui.same_line(0, gap)
    if measure.width(text) > imgui.get_content_region_avail().x:
        imgui.new_line()


def hint(text: str) -> str:
    """A text for an empty field, as long as fits into the width of the next item."""
    return ellipsis(text, imgui.calc_item_width() - 2 * measure.padding_x)


def _is_typing(name: str) -> bool:
    """Whether the field of this name shows a text cursor now."""
    if not measure.is_typing:
        return False
    return bool(imgui.internal.get_active_id() == imgui.get_id(f"##{name}"))


def _reset_clicked() -> bool:
    return bool(measure.is_right_released and imgui.is_item_hovered())


class _Field:
    """The place of the last item, to draw into."""

    def __init__(self) -> None:
        low, high = imgui.get_item_rect_min(), imgui.get_item_rect_max()
        self.left, self.top, self.right, self.bottom = low.x, low.y, high.x, high.y
        self.room = self.right - self.left - 2 * measure.padding_x  # for a text
        self.alpha = imgui.get_style().alpha
        self.draw = imgui.get_window_draw_list()

    def color(self, color: ImVec4, alpha: float = 1.0) -> int:
        """A colour as faint as the item is."""
        alpha *= self.alpha
        if alpha != 1.0:
            color = ImVec4(color.x, color.y, color.z, color.w * alpha)
        return int(imgui.get_color_u32(color))

    def draw_bar(self, value: float, default: float, limits: tuple[float, float]) -> None:
        """A thin bar at the bottom: the value's place between its limits."""
        first, last = limits
        if not last > first or last - first > 1e4:
            return
        scale = (self.right - self.left) / (last - first)
        zero = self.left + (min(max(0.0, first), last) - first) * scale
        place = self.left + (min(max(value, first), last) - first) * scale
        color = theme.ACCENT if value != default else theme.VALUE_BAR
        self.underline(color, min(zero, place), max(zero, place))

    def underline(
        self, color: ImVec4, left: float | None = None, right: float | None = None
    ) -> None:
        """A thin bar at the bottom, as faint as the item is; as wide as it unless told."""
        low = ImVec2(self.left if left is None else left, self.bottom - theme.px(2))
        high = ImVec2(self.right if right is None else right, self.bottom)
        self.draw.add_rect_filled(low, high, self.color(color, 0.9))


def _draw_value(text: str, unit: str, prefix: str, changed: bool, field: _Field) -> None:
    """Write a value right-aligned into the last item, its unit and prefix dim, if they fit."""
    prefix, unit = fit_text.fit_extras(text, unit, prefix, field.room)
    draw = field.draw
    right, y = field.right - measure.padding_x, field.top + measure.padding_y
    if unit:
        right -= measure.width(unit)
        draw.add_text(ImVec2(right, y), field.color(theme.TEXT_DIM), unit)
        right -= measure.em * 0.25
    right -= measure.width(text)
    is_wide = right < field.left
    if is_wide:  # only then: a clip splits what is drawn in one go
        low, high = ImVec2(field.left, field.top), ImVec2(field.right, field.bottom)
        draw.push_clip_rect(low, high, True)
    draw.add_text(ImVec2(right, y), field.color(theme.ACCENT if changed else theme.TEXT), text)
    if is_wide:
        draw.pop_clip_rect()
    if prefix:
        place = ImVec2(field.left + measure.padding_x, y)
        draw.add_text(place, field.color(theme.TEXT_DIM), prefix)
