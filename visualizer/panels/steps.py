"""History: the steps made so far; a click goes back or forward to one."""

from __future__ import annotations

from typing import ClassVar

from imgui_bundle import imgui

from renderer.state import ViewState
from visualizer import controls, theme
from visualizer.context import Context, Shown

_NUM_SHOWN = 40


class HistoryPanel:
    """The undo list, the present step marked."""

    title: ClassVar[str] = "History"

    def __init__(self, context: Context) -> None:
        self._context = context

    def build_ui(self, state: ViewState, result: Shown | None) -> ViewState:
        """Draw the panel; going to a step is an action of the app."""
        history = self._context.history
        undo, redo = history.undo_labels(_NUM_SHOWN), history.redo_labels(_NUM_SHOWN)
        if not undo and not redo:
            controls.note("Nothing changed yet. Every change can be undone with Ctrl+Z.")
            return state
        for idx in reversed(range(len(redo))):
            imgui.push_style_color(imgui.Col_.text.value, theme.TEXT_FAINT)
            chosen = imgui.selectable(f"{redo[idx]}##redo{idx}", False)[0]
            imgui.pop_style_color()
            if chosen:
                self._context.go(idx + 1)
        for idx, name in enumerate(undo):
            if imgui.selectable(f"{name}##undo{idx}", idx == 0)[0] and idx:
                self._context.go(-idx)
        if len(undo) < _NUM_SHOWN and imgui.selectable("Start", not undo)[0] and undo:
            self._context.go(-len(undo))
        return state
