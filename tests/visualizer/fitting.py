"""Watches every text that is drawn: is it cut off, or outside its window, sideways?

Dear ImGui's own functions are wrapped while `watching` is open; after each call the width that the
text needs is compared with the width that it has.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from imgui_bundle import imgui

from visualizer import controls

COLUMNS = ("Controls", "Analysis")
SLACK_PX = 1.0
Complaints = dict[str, str]  # by text: what is wrong


@contextlib.contextmanager
def watching(everywhere: bool = False) -> Iterator[Complaints]:
    """The dictionary is filled with what does not fit while frames are drawn.

    Args:
        everywhere: also in what lies over the panels, or around them: menus, lists, boxes.
    """
    complaints: Complaints = {}
    seen: list[str] = []
    with pytest.MonkeyPatch.context() as patch:

        def wrap(owner: Any, name: str, check: Callable[..., str]) -> None:
            inner = getattr(owner, name)

            def watched(*arguments: Any, **named: Any) -> Any:
                answer = inner(*arguments, **named)
                is_seen = _is_ours() or (everywhere and not _is_tooltip())
                if is_seen:
                    text = str(arguments[1] if name == "text_colored" else arguments[0])
                    wrong = check(*arguments, **named) or _window()
                    seen.append(text)
                    if wrong:
                        complaints[f"{name} {text!r}"] = wrong
                return answer

            patch.setattr(owner, name, watched)

        wrap(imgui, "button", lambda text, *_: _button(text))
        wrap(imgui, "checkbox", lambda *_: _item())
        wrap(imgui, "text_unformatted", lambda *_: _item())
        wrap(imgui, "text_colored", lambda *_: _item())
        wrap(imgui, "text_disabled", lambda *_: _item())
        wrap(imgui, "text_wrapped", lambda *_: _item())
        wrap(imgui, "selectable", lambda text, *_: _text_at_start(text))
        for name in ("begin_menu", "menu_item"):  # a menu is as wide as they need
            wrap(imgui, name, lambda *_: "")
        wrap(imgui, "tree_node", lambda text, *_: _fold(text))
        wrap(imgui, "collapsing_header", lambda text, *_: _header(text))
        wrap(imgui, "input_text_with_hint", lambda _, hint, text, *__: _field(text or hint))
        wrap(controls, "label", lambda text, *_: _label(text))
        wrap(controls, "_draw_value", _value)
        yield complaints
    assert len(seen) > (10 if everywhere else 100), "the texts were not seen"


def _is_ours() -> bool:
    name = imgui.internal.get_current_window_read().name
    return any(name == title or name.startswith(f"{title}/") for title in COLUMNS)


def _is_tooltip() -> bool:
    """It finds its size while it is shown for the first time."""
    return str(imgui.internal.get_current_window_read().name).startswith("##Tooltip")


def _width(text: str) -> float:
    return float(imgui.calc_text_size(text, hide_text_after_double_hash=True).x)


def _room() -> tuple[float, float]:
    """Left and right end of what is not cut off in this window or column of a table."""
    window = imgui.internal.get_current_window_read()
    return float(window.clip_rect.min.x), float(window.clip_rect.max.x)


def _between(low: float, high: float) -> str:
    left, right = _room()
    if low < left - SLACK_PX or high > right + SLACK_PX:
        return f"{low:.0f}…{high:.0f} is not within {left:.0f}…{right:.0f}"
    return ""


def _window() -> str:
    """Nothing beyond the edges of the window of the program can be seen."""
    view, window = imgui.get_main_viewport(), imgui.internal.get_current_window_read()
    low, size = window.root_window.pos, window.root_window.size
    high = low.x + size.x, low.y + size.y
    right, bottom = view.pos.x + view.size.x, view.pos.y + view.size.y
    if low.x < view.pos.x - SLACK_PX or high[0] > right + SLACK_PX:
        return f"its window is at {low.x:.0f}…{high[0]:.0f} of {right:.0f} across"
    if low.y < view.pos.y - SLACK_PX or high[1] > bottom + SLACK_PX:
        return f"its window is at {low.y:.0f}…{high[1]:.0f} of {bottom:.0f} down"
    return ""


def _item() -> str:
    return _between(imgui.get_item_rect_min().x, imgui.get_item_rect_max().x)


def _within_item(needed: float) -> str:
    low, high = imgui.get_item_rect_min().x, imgui.get_item_rect_max().x
    if needed > high - low + SLACK_PX:
        return f"needs {needed:.0f}, has {high - low:.0f}"
    return _item()


def _button(text: str) -> str:
    return _within_item(_width(text) + 2 * imgui.get_style().frame_padding.x)


def _field(text: str) -> str:
    return _within_item(_width(text) + 2 * imgui.get_style().frame_padding.x)


def _text_at_start(text: str) -> str:
    low = imgui.get_item_rect_min().x + int(imgui.get_style().item_spacing.x / 2)
    return _between(low, low + _width(text))


def _fold(text: str) -> str:
    padding = imgui.get_style().frame_padding.x
    low = imgui.get_item_rect_min().x + imgui.get_font_size() + 2 * padding
    return _between(low, low + _width(text))


def _header(text: str) -> str:
    arrow = imgui.get_font_size() + 2 * imgui.get_style().frame_padding.x
    return _within_item(arrow + _width(text))


def _label(text: str) -> str:
    """After the label the cursor is where the value begins."""
    end, value = imgui.get_item_rect_max().x, imgui.get_cursor_screen_pos().x
    if text and end > value:
        return f"ends at {end:.0f}, its value begins at {value:.0f}"
    return _item() if text else ""


def _value(text: str, *_: object) -> str:
    """Unit and prefix are left out where there is no room for them."""
    return _within_item(_width(text) + 2 * imgui.get_style().frame_padding.x)
