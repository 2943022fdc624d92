"""The controls that every panel uses: label left, value right, unit in the value.

All of them take a value and return a new one. A value changed from its default is drawn in the
accent colour; a right click resets it; a double click or Ctrl+click types it.
"""

from __future__ import annotations

import math

from imgui_bundle import ImVec2, ImVec4, imgui

from visualizer import fit_text, theme

ellipsis = fit_text.ellipsis
LABEL_EM = 5.3
_FOR_TOOLTIP = imgui.HoveredFlags_.for_tooltip.value | imgui.HoveredFlags_.allow_when_disabled.value
LABEL_SHARE = 0.36  # of a narrow column


def label(text: str, changed: bool = False) -> None:
    """The left column of a row; leaves the cursor at the start of the value column."""
    start, room = imgui.get_cursor_pos_x(), imgui.get_content_region_avail().x
    width = min(LABEL_EM * imgui.get_font_size(), LABEL_SHARE * room)
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
        imgui.push_style_color(imgui.Col_.text.value, ImVec4(0, 0, 0, 0))
    changed, new = imgui.drag_float(
        f"##{name}", value, speed, *limits, f"%.{digits}f", imgui.SliderFlags_.always_clamp.value
    )
    if not was_typing:
        imgui.pop_style_color()
    # Dear ImGui computes in 32 bits: 0.01 must not come back as 0.009999999776
    new = round(float(new), 6) if changed and math.isfinite(new) else value
    new = min(max(new, limits[0]), limits[1]) if changed else value
    if _reset_clicked():
        new = default
    if not was_typing:
        room = imgui.get_item_rect_size().x - 2 * imgui.get_style().frame_padding.x
        text = fit_text.fit_number(new, digits, room)
        _draw_value(text, unit, prefix, new != default)
    _draw_bar(new, default, limits)
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
        imgui.push_style_color(imgui.Col_.text.value, ImVec4(0, 0, 0, 0))
    flags = imgui.SliderFlags_.always_clamp.value
    changed, text_value = _drag_integer(name, value, speed, limits, flags)
    if not was_typing:
        imgui.pop_style_color()
    new = text_value
    if _reset_clicked():
        changed, new = True, default
    if not was_typing:
        _draw_value(str(new) if shown is None else shown, unit, prefix, new != default)
    if limits[1] - limits[0] < 1000:
        _draw_bar(new, default, limits)
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
        imgui.push_style_color(imgui.Col_.text.value, ImVec4(0, 0, 0, 0))
    _, text = imgui.input_text(
        f"##{name}",
        str(value),
        imgui.InputTextFlags_.chars_decimal.value | imgui.InputTextFlags_.auto_select_all.value,
    )
    if not was_active:
        imgui.pop_style_color()
    new = value
    if imgui.is_item_deactivated_after_edit() and text.strip().lstrip("-").isdecimal():
        new = min(max(int(text), 0), 0xFFFFFFFF)
    if _reset_clicked():
        new = default
    if not was_active:
        _draw_value(str(new), "", "", new != default)
    tooltip(help_text)
    return new


def toggle(
    name: str, value: bool, text: str = "", default: bool = False, help_text: str = ""
) -> bool:
    """A tick box with its text."""
    colored = value != default
    shown = fit_text.fit_toggle(text)
    if colored:
        imgui.push_style_color(imgui.Col_.text.value, theme.ACCENT)
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
        imgui.push_style_color(imgui.Col_.text.value, theme.ACCENT)
    room = imgui.get_content_region_avail().x
    width = room if width < 0 else width
    text, padding_x = fit_text.fit_button(text, width or room)
    padding = ImVec2(padding_x, imgui.get_style().frame_padding.y)
    imgui.push_style_var(imgui.StyleVar_.frame_padding.value, padding)
    pressed = imgui.button(text, ImVec2(width, 0))
    imgui.pop_style_var()
    if active:
        imgui.pop_style_color()
        _underline(imgui.get_item_rect_min().x, imgui.get_item_rect_max().x, theme.ACCENT)
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
    spacing = imgui.get_style().item_inner_spacing.x
    return float((imgui.get_content_region_avail().x - spacing * (num - 1)) / num)


def next_to(text: str = "") -> None:
    """Put the next control into the same row; a button with `text` only if it fits there."""
    spacing = imgui.get_style().item_inner_spacing.x
    imgui.same_line(0, spacing)
    if text and button_width(text) > imgui.get_content_region_avail().x:
        imgui.new_line()


def button_width(text: str) -> float:
    """The width that a button needs for its text."""
    return float(imgui.calc_text_size(text).x + 2 * imgui.get_style().frame_padding.x)


def note(text: str) -> None:
    """A dim sentence, wrapped."""
    imgui.push_style_color(imgui.Col_.text.value, theme.TEXT_DIM)
    imgui.text_wrapped(text)
    imgui.pop_style_color()


def flow(text: str, gap: float) -> None:
    """Put the next text into the same row if it fits there."""
    imgui.same_line(0, gap)
    if imgui.calc_text_size(text).x > imgui.get_content_region_avail().x:
        imgui.new_line()


def hint(text: str) -> str:
    """A text for an empty field, as long as fits into the width of the next item."""
    return ellipsis(text, imgui.calc_item_width() - 2 * imgui.get_style().frame_padding.x)


def _is_typing(name: str) -> bool:
    """Whether the field of this name shows a text cursor now."""
    item_id = imgui.get_id(f"##{name}")
    return bool(imgui.get_io().want_text_input and imgui.internal.get_active_id() == item_id)


def _reset_clicked() -> bool:
    return bool(imgui.is_item_hovered() and imgui.is_mouse_released(imgui.MouseButton_.right.value))


def _draw_value(text: str, unit: str, prefix: str, changed: bool) -> None:
    """Write a value right-aligned into the last item, its unit and prefix dim, if they fit."""
    low, high = imgui.get_item_rect_min(), imgui.get_item_rect_max()
    pad = imgui.get_style().frame_padding
    prefix, unit = fit_text.fit_extras(text, unit, prefix, high.x - low.x - 2 * pad.x)
    draw = imgui.get_window_draw_list()
    alpha = imgui.get_style().alpha
    dim = imgui.get_color_u32(_faded(theme.TEXT_DIM, alpha))
    main = imgui.get_color_u32(_faded(theme.ACCENT if changed else theme.TEXT, alpha))
    right = high.x - pad.x
    if unit:
        right -= imgui.calc_text_size(unit).x
        draw.add_text(ImVec2(right, low.y + pad.y), dim, unit)
        right -= imgui.get_font_size() * 0.25
    right -= imgui.calc_text_size(text).x
    draw.push_clip_rect(low, high, True)
    draw.add_text(ImVec2(right, low.y + pad.y), main, text)
    if prefix:
        draw.add_text(ImVec2(low.x + pad.x, low.y + pad.y), dim, prefix)
    draw.pop_clip_rect()


def _faded(color: ImVec4, alpha: float) -> ImVec4:
    return ImVec4(color.x, color.y, color.z, color.w * alpha)


def _draw_bar(value: float, default: float, limits: tuple[float, float]) -> None:
    """A thin bar at the bottom of the last item: the value's place between its limits."""
    if not limits[1] > limits[0] or limits[1] - limits[0] > 1e4:
        return
    low, high = imgui.get_item_rect_min().x, imgui.get_item_rect_max().x

    def place(at: float) -> float:
        fraction = (min(max(at, limits[0]), limits[1]) - limits[0]) / (limits[1] - limits[0])
        return float(low + (high - low) * fraction)

    zero = place(min(max(0.0, limits[0]), limits[1]))
    color = theme.ACCENT if value != default else theme.tone(104)
    left, right = sorted((zero, place(value)))
    _underline(left, right, color)


def _underline(left: float, right: float, color: ImVec4) -> None:
    """A thin bar at the bottom of the last item, as faint as it is."""
    packed = imgui.get_color_u32(_faded(color, imgui.get_style().alpha * 0.9))
    bottom = imgui.get_item_rect_max().y
    low, high = ImVec2(left, bottom - theme.px(2)), ImVec2(right, bottom)
    imgui.get_window_draw_list().add_rect_filled(low, high, packed)
