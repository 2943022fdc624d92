"""History: the steps made so far with their pictures; a click goes back or forward to one."""

from __future__ import annotations

from typing import ClassVar

from imgui_bundle import ImVec2, imgui

from renderer.state import ViewState
from visualizer import controls, theme
from visualizer.context import Context, Shown
from visualizer.texture import PictureTexture
from visualizer.thumbnails import THUMB_PX

_NUM_SHOWN = 100
_THUMB_EM = 2.4


class HistoryPanel:
    """The undo list, the present step marked."""

    title: ClassVar[str] = "History"

    def __init__(self, context: Context) -> None:
        self._context = context
        self._texture: PictureTexture | None = None
        self._version = -1

    def build_ui(self, state: ViewState, result: Shown | None) -> ViewState:
        """Draw the panel; going to a step is an action of the app."""
        history = self._context.history
        undo, redo = history.undo_steps(_NUM_SHOWN), history.redo_steps(_NUM_SHOWN)
        if not undo and not redo:
            controls.note("Nothing changed yet. Every change can be undone with Ctrl+Z.")
            return state
        self._upload()
        wanted = 0  # steps to go, once all rows are drawn
        for idx in reversed(range(len(redo))):
            if self._build_row(f"{redo[idx].label}##redo{idx}", redo[idx].after, is_ahead=True):
                wanted = idx + 1
        for idx, step in enumerate(undo):
            if self._build_row(f"{step.label}##undo{idx}", step.after, idx == 0) and idx:
                wanted = -idx
        if len(undo) < _NUM_SHOWN:
            first = undo[-1].before if undo else redo[0].before
            if self._build_row("Start", first, not undo) and undo:
                wanted = -len(undo)
        if not wanted:
            return state
        self._context.go(wanted)
        return history.state

    def _build_row(
        self, text: str, state: ViewState, is_present: bool = False, is_ahead: bool = False
    ) -> bool:
        """One step; returns whether it was clicked."""
        size = imgui.get_font_size() * _THUMB_EM
        origin = imgui.get_cursor_screen_pos()
        imgui.push_id(text)
        clicked = imgui.selectable("##step", is_present, 0, ImVec2(0, size))[0]
        imgui.pop_id()
        self._draw_thumbnail(state, origin, size, 0.45 if is_ahead else 1.0)
        color = theme.TEXT_FAINT if is_ahead else theme.ACCENT if is_present else theme.TEXT
        place = ImVec2(origin.x + size + 10, origin.y + (size - imgui.get_font_size()) / 2)
        packed = imgui.get_color_u32(color)
        imgui.get_window_draw_list().add_text(place, packed, text.partition("##")[0])
        return bool(clicked)

    def _draw_thumbnail(self, state: ViewState, origin: ImVec2, size: float, alpha: float) -> None:
        corners = self._context.thumbnails.corners(state)
        if corners is None or self._texture is None or not imgui.is_item_visible():
            return
        low = ImVec2(origin.x + 1, origin.y + 1)
        high = ImVec2(low.x + size - 2, low.y + size - 2)
        imgui.get_window_draw_list().add_image(
            imgui.ImTextureRef(self._texture.texture_id),
            low,
            high,
            ImVec2(corners[0], corners[1]),
            ImVec2(corners[2], corners[3]),
            imgui.get_color_u32(imgui.ImVec4(1, 1, 1, alpha)),
        )

    def _upload(self) -> None:
        thumbnails = self._context.thumbnails
        if self._version == thumbnails.version:
            return
        if self._texture is None:
            self._texture = PictureTexture()
        self._texture.upload(thumbnails.atlas)
        self._texture.prepare(zoom=imgui.get_font_size() * _THUMB_EM / THUMB_PX, exact=False)
        self._version = thumbnails.version
