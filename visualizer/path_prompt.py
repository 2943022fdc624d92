"""A small box to type a path into, where the system has no file dialog."""

from __future__ import annotations

import os
from collections.abc import Callable

from imgui_bundle import ImVec2, imgui

from visualizer import controls, theme

_MAX_ENTRIES = 300
_ID = "###prompt"


class PathPrompt:
    """A modal list of a folder with a path field."""

    def __init__(self) -> None:
        self._title = ""
        self._path = ""
        self._suffixes: tuple[str, ...] = ()
        self._then: Callable[[str], None] | None = None
        self._is_new = False
        self._listed = ("", [""])

    def ask(
        self, title: str, start: str, suffixes: tuple[str, ...], then: Callable[[str], None]
    ) -> None:
        """Open the box; only folders and files of these suffixes are listed."""
        self._title, self._path, self._suffixes = title, start, suffixes
        self._then, self._is_new = then, True

    def build_ui(self) -> None:
        """Draw the box while it is open."""
        if self._then is None:
            return
        if self._is_new:
            imgui.open_popup(_ID)
            self._is_new = False
        room = imgui.get_main_viewport().work_size
        size = ImVec2(min(theme.px(560), room.x * 0.9), min(theme.px(420), room.y * 0.9))
        imgui.set_next_window_size(size, imgui.Cond_.appearing.value)
        center = imgui.get_main_viewport().get_center()
        imgui.set_next_window_pos(center, imgui.Cond_.appearing.value, ImVec2(0.5, 0.5))
        opened, _ = imgui.begin_popup_modal(f"{self._title}{_ID}", True)
        if not opened:
            self._then = None
            return
        imgui.set_next_item_width(-1)
        entered, self._path = imgui.input_text(
            "##path", self._path, imgui.InputTextFlags_.enter_returns_true.value
        )
        self._build_list()
        chosen = controls.button("Choose", width=theme.px(90)) or entered
        controls.next_to()
        canceled = controls.button("Cancel", width=theme.px(90))
        if chosen or canceled:
            then, self._then = self._then, None
            imgui.close_current_popup()
            if chosen and self._path.strip():
                then(self._path.strip())
        imgui.end_popup()

    def _build_list(self) -> None:
        height = -imgui.get_frame_height_with_spacing()
        imgui.push_style_color(imgui.Col_.child_bg.value, theme.tone(30))
        padding = imgui.ChildFlags_.always_use_window_padding.value
        if imgui.begin_child("##list", ImVec2(0, height), padding):
            for name in self._entries():
                if imgui.selectable(name, False)[0]:
                    folder = self._folder()
                    self._path = os.path.normpath(os.path.join(folder, name))
        imgui.end_child()
        imgui.pop_style_color()

    def _folder(self) -> str:
        path = os.path.expanduser(self._path) or os.curdir
        return path if os.path.isdir(path) else os.path.dirname(path)

    def _entries(self) -> list[str]:
        folder = self._folder()
        if self._listed[0] != folder:
            self._listed = (folder, _list_folder(folder, self._suffixes))
        return self._listed[1]


def _list_folder(folder: str, suffixes: tuple[str, ...]) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            found = [
                entry.name + (os.sep if entry.is_dir() else "")
                for entry in entries
                if not entry.name.startswith(".")
                and (entry.is_dir() or entry.name.lower().endswith(suffixes))
            ]
    except OSError:
        return [f"..{os.sep}"]
    return [f"..{os.sep}", *sorted(found, key=lambda n: (not n.endswith(os.sep), n.lower()))][
        :_MAX_ENTRIES
    ]
