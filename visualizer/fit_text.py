"""Texts made to fit: shortened, without icon or unit, or in a row of their own."""

from __future__ import annotations

from imgui_bundle import imgui

from visualizer import measure, theme


def ellipsis(text: str, width: float, keep_end: bool = False) -> str:
    """The text shortened with … so that it is at most `width` wide."""
    if measure.width(text) <= width:
        return text
    while text and imgui.calc_text_size(f"…{text}").x > width:
        text = text[1:] if keep_end else text[:-1]
    return f"…{text}" if keep_end else f"{text}…"


def fit_button(label: str, width: float) -> tuple[str, float]:
    """A label, shortened where it must be, and the padding beside it."""
    text = label.partition("##")[0]
    padding, needed = measure.padding_x, measure.width(text)
    if needed + 2 * padding <= width:
        return label, padding
    narrow = theme.px(2)
    icon, _, words = text.partition(" ")
    if len(icon) == 1 and words and needed + 2 * narrow > width:
        text = words  # an icon says it a second time
    text = ellipsis(text, max(width - 2 * narrow, 0.0))
    needed = imgui.calc_text_size(text).x
    padding = min(padding, max((width - needed) / 2, 0.0))
    if text == label.partition("##")[0]:
        return label, padding
    name = label.partition("###")[2] if "###" in label else label
    return f"{text}###{name}", padding


def fit_toggle(text: str) -> str:
    """The text beside a tick box; the box goes to a row of its own if the text needs that."""
    if not text:
        return text
    box = measure.frame_height + measure.inner_x
    line = imgui.get_content_region_avail().x
    if measure.width(text) + box <= line:
        return text
    start = imgui.internal.get_current_window().work_rect.min.x
    if imgui.get_cursor_screen_pos().x > start + 1:
        imgui.new_line()
        line = imgui.get_content_region_avail().x
    return ellipsis(text, line - box)


def fit_number(value: float, digits: int, room: float) -> str:
    """A number with as many of its digits behind the point as there is room for."""
    for kind, most in (("f", digits), ("e", 2)):
        for num in range(most, -1, -1):
            text = f"{value:.{num}{kind}}".replace("e+0", "e")
            if measure.width(text) <= room:
                return text
    return "…"


def fit_extras(text: str, unit: str, prefix: str, room: float) -> tuple[str, str]:
    """Prefix and unit as far as they fit beside the value: the value goes first."""
    gap = measure.em * 0.25
    room -= measure.width(text)
    needed = measure.width(unit) + gap if unit else 0.0
    unit, room = (unit, room - needed) if needed <= room else ("", room)
    needed = measure.width(prefix) + gap if prefix else 0.0
    return (prefix if needed <= room else ""), unit
