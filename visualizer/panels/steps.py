"""History: the steps made so far with their pictures; a click goes back or forward to one."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from imgui_bundle import ImVec2, imgui

from renderer.state import ViewState
from visualizer import controls, theme
from visualizer.context import Context, Shown
from visualizer.history import Step
from visualizer.texture import PictureTexture
from visualizer.thumbnails import THUMB_PX

_NUM_SHOWN = 100
_THUMB_EM = 2.4
_ALWAYS = 12  # rows that keep their place in the order of the keyboard, seen or not


class _Row(NamedTuple):
    """One line of the panel: a step, and how far it is from the present."""

    step: Step
    suffix: str  # of its name, which is unique
    distance: int  # + = ahead
    is_start: bool = False  # the state before the step


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
        wanted = self._build_rows(undo, redo)
        if not wanted:
            return state
        self._context.go(wanted)
        return history.state

    def _build_rows(self, undo: list[Step], redo: list[Step]) -> int:
        """Draw the rows that can be seen; returns how far to go."""
        wanted = 0
        num_rows = len(redo) + len(undo) + (len(undo) < _NUM_SHOWN)
        clipper = imgui.ListClipper()
        size = imgui.get_font_size() * _THUMB_EM
        clipper.begin(num_rows, size + imgui.get_style().item_spacing.y)
        clipper.include_items_by_index(0, min(num_rows, _ALWAYS))
        while clipper.step():
            for idx in range(clipper.display_start, clipper.display_end):
                row = _row_at(idx, undo, redo)
                if self._build_row(row, size):
                    wanted = row.distance
        return wanted

    def _build_row(self, row: _Row, size: float) -> bool:
        """One step; returns whether it was clicked."""
        origin = imgui.get_cursor_screen_pos()
        text = "Start" if row.is_start else row.step.label
        imgui.push_id(f"{text}{row.suffix}")
        clicked = imgui.selectable("##step", row.distance == 0, 0, ImVec2(0, size))[0]
        imgui.pop_id()
        if not imgui.is_item_visible():
            return bool(clicked)
        ahead = row.distance > 0
        state = row.step.before if row.is_start else row.step.after
        self._draw_thumbnail(state, origin, size, 0.45 if ahead else 1.0)
        color = theme.TEXT_FAINT if ahead else theme.TEXT if row.distance else theme.ACCENT
        place = ImVec2(
            origin.x + size + theme.px(10), origin.y + (size - imgui.get_font_size()) / 2
        )
        room = imgui.get_item_rect_max().x - place.x
        text = controls.ellipsis(text, room)
        imgui.get_window_draw_list().add_text(place, imgui.get_color_u32(color), text)
        return bool(clicked)

    def _draw_thumbnail(self, state: ViewState, origin: ImVec2, size: float, alpha: float) -> None:
        corners = self._context.thumbnails.corners(state)
        if corners is None:
            self._context.thumbnails.missing.append(state)
        if corners is None or self._texture is None:
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


def _row_at(idx: int, undo: list[Step], redo: list[Step]) -> _Row:
    """The rows from above: what was undone, the latest step, …, the start."""
    ahead = len(redo) - idx
    if ahead > 0:
        return _Row(redo[ahead - 1], f"##redo{ahead - 1}", ahead)
    if -ahead < len(undo):
        return _Row(undo[-ahead], f"##undo{-ahead}", ahead)
    return _Row(undo[-1] if undo else redo[0], "", ahead, is_start=True)
