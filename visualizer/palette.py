"""The palette (Ctrl+P): every command, found by typing parts of its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from imgui_bundle import ImVec2, imgui

from visualizer import theme

_WIDTH_EM = 26.0
_NUM_LINES = 12
_FLAGS = (
    imgui.WindowFlags_.no_decoration.value
    | imgui.WindowFlags_.no_move.value
    | imgui.WindowFlags_.no_saved_settings.value
    | imgui.WindowFlags_.always_auto_resize.value
)


class Named(Protocol):
    """What the palette needs of a command."""

    @property
    def name(self) -> str: ...
    @property
    def keys(self) -> str: ...
    @property
    def act(self) -> Callable[[], None]: ...


def matching(commands: Sequence[Named], text: str) -> list[Named]:
    """The commands that hold every typed word; those that begin with the text come first."""
    words = text.lower().split()
    found = [c for c in commands if all(word in c.name.lower() for word in words)]
    return sorted(found, key=lambda c: not c.name.lower().startswith(text.lower().strip()))


class Palette:
    """A field and the list of what matches it; Enter does the marked one."""

    def __init__(self, commands: Callable[[], Sequence[Named]]) -> None:
        self._commands = commands
        self._text = ""
        self._marked = 0
        self._is_new = False

    def open(self) -> None:
        """Show the palette from the next frame on."""
        self._text, self._marked, self._is_new = "", 0, True

    def build_ui(self) -> None:
        """Draw the palette while it is open."""
        if self._is_new:
            imgui.open_popup("##palette")
        view = imgui.get_main_viewport()
        width = min(_WIDTH_EM * imgui.get_font_size(), view.work_size.x - theme.px(40))
        top = ImVec2(
            view.work_pos.x + view.work_size.x / 2,
            view.work_pos.y + min(theme.px(60), view.work_size.y / 8),
        )
        imgui.set_next_window_pos(top, imgui.Cond_.always.value, ImVec2(0.5, 0.0))
        imgui.set_next_window_size(ImVec2(width, 0))
        if not imgui.begin_popup("##palette", _FLAGS):
            return
        chosen = self._build_content()
        if chosen is not None or imgui.is_key_pressed(imgui.Key.escape):  # also while typing
            imgui.close_current_popup()
        imgui.end_popup()
        if chosen is not None:
            chosen.act()

    def _build_content(self) -> Named | None:
        if self._is_new:
            imgui.set_keyboard_focus_here()
            self._is_new = False
        imgui.set_next_item_width(-1)
        flags = imgui.InputTextFlags_.enter_returns_true.value
        entered, text = imgui.input_text_with_hint("##find", "Type a command", self._text, flags)
        if text != self._text:
            self._text, self._marked = text, 0
        found = matching([c for c in self._commands() if c.name != "All commands"], text)
        self._move_mark(len(found))
        if not found:
            imgui.text_disabled("Nothing has this name")
            return None
        return self._build_list(found) or (found[self._marked] if entered else None)

    def _build_list(self, found: list[Named]) -> Named | None:
        chosen = None
        line = imgui.get_text_line_height_with_spacing()
        room = imgui.get_main_viewport().work_size.y * 0.7
        height = min(len(found), _NUM_LINES, max(3, int(room / line))) * line
        if imgui.begin_child("##found", ImVec2(0, height)):
            right = imgui.get_content_region_avail().x
            for idx, command in enumerate(found):
                if imgui.selectable(f"{command.name}##{idx}", idx == self._marked)[0]:
                    chosen = command
                if idx == self._marked and not imgui.is_item_visible():
                    imgui.set_scroll_here_y()
                imgui.same_line(right - imgui.calc_text_size(command.keys).x - theme.px(4))
                imgui.text_colored(theme.TEXT_DIM, command.keys)
        imgui.end_child()
        return chosen

    def _move_mark(self, count: int) -> None:
        down = imgui.is_key_pressed(imgui.Key.down_arrow) - imgui.is_key_pressed(imgui.Key.up_arrow)
        self._marked = min(max(self._marked + down, 0), max(count - 1, 0))
