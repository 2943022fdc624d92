"""Sizes of the present frame, read once for all controls, and widths of texts, remembered.

A call into Dear ImGui costs half a microsecond, and a frame has a hundred controls that ask for
the same few numbers.
"""

from __future__ import annotations

from imgui_bundle import imgui

from visualizer import theme

_RIGHT = imgui.MouseButton_.right.value
MOST = 4000  # texts remembered: a drag makes new ones in every frame

em = 15.0  # height of a letter
padding_x = 8.0  # inside a field
padding_y = 4.0
inner_x = 6.0  # between what stands in one row
frame_height = 23.0  # of a field
is_typing = False  # some field shows a text cursor
is_right_released = False  # the right button of the mouse, in this frame

_frame = -1
_regular: dict[str, float] = {}
_semibold: dict[str, float] = {}
_widths = _regular


def follow() -> None:
    """Read the sizes; call in every window, before its controls. Only the first call does it."""
    global _frame, em, padding_x, padding_y, inner_x, frame_height, is_typing, is_right_released
    count = imgui.get_frame_count()
    if count == _frame:
        return
    style, io = imgui.get_style(), imgui.get_io()
    size = imgui.get_font_size()
    if size != em or count < _frame or len(_regular) > MOST:  # fewer frames: another window
        _regular.clear()
        _semibold.clear()
    _frame, em, is_typing = count, size, io.want_text_input
    is_right_released = imgui.is_mouse_released(_RIGHT)
    padding = style.frame_padding
    padding_x, padding_y, inner_x = padding.x, padding.y, style.item_inner_spacing.x
    frame_height = em + 2 * padding_y


def width(text: str) -> float:
    """How wide a text is, in the font in use."""
    known = _widths.get(text)
    if known is None:
        known = _widths[text] = imgui.calc_text_size(text).x
    return known


def push_semibold() -> None:
    """Write in the heavier font until `pop_font`."""
    global _widths
    imgui.push_font(theme.Fonts.semibold, 0)
    _widths = _semibold


def pop_font() -> None:
    """Write in the regular font again."""
    global _widths
    imgui.pop_font()
    _widths = _regular
