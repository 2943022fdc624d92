"""Style mixing: rows of ws taken from another seed."""

from __future__ import annotations

from typing import ClassVar

from imgui_bundle import ImVec2, imgui

from renderer.state import StyleMixState, ViewState
from visualizer import controls, theme
from visualizer.context import Context, Shown, with_changes

_DEFAULT = StyleMixState()
_PER_LINE = (8, 5, 4)
_FALLBACK_NUM_WS = 16  # until a model is loaded


class StyleMixingPanel:
    """A seed, one tick per row of ws, animation."""

    title: ClassVar[str] = "Style mixing"

    def __init__(self, context: Context) -> None:
        self._context = context

    def build_ui(self, state: ViewState, result: Shown | None) -> ViewState:
        """Draw the panel; returns the new state."""
        mix = state.mix
        controls.label("Seed", mix.seed != _DEFAULT.seed)
        seed = controls.seed("seed", mix.seed, _DEFAULT.seed, "The ticked rows come from this seed")
        controls.label("Animate", mix.animate)
        animate = controls.toggle(
            "animate", mix.animate, "4 seeds/s", help_text="Step through the seeds"
        )
        model = self._context.model
        rows = self._build_rows(mix.rows, model.num_ws if model else _FALLBACK_NUM_WS)
        mix = with_changes(mix, seed=seed, animate=animate, rows=rows)
        return with_changes(state, mix=mix)

    def _build_rows(self, rows: tuple[int, ...], num_ws: int) -> tuple[int, ...]:
        controls.label("Rows", bool(rows))
        width = controls.half_width()
        if controls.button("None", "Untick all rows", width):
            rows = ()
        controls.next_to()
        if controls.button("All", "Tick all rows", width):
            rows = tuple(range(num_ws))
        gap, room = theme.px(3), imgui.get_content_region_avail().x
        imgui.push_style_var(imgui.StyleVar_.item_spacing.value, ImVec2(gap, gap))
        least = imgui.calc_text_size("00").x + theme.px(4)
        fitting = [num for num in _PER_LINE if (room - gap * (num - 1)) / num >= least]
        per_line = fitting[0] if fitting else _PER_LINE[-1]
        width = (room - gap * (per_line - 1)) / per_line
        for row in range(num_ws):
            if row % per_line:
                imgui.same_line()
            if self._build_tick(row, row in rows, width):
                rows = tuple(sorted(set(rows) ^ {row}))
        imgui.pop_style_var()
        _build_captions(num_ws)
        return rows

    def _build_tick(self, row: int, ticked: bool, width: float) -> bool:
        if ticked:
            imgui.push_style_color(imgui.Col_.button.value, theme.ACCENT)
            imgui.push_style_color(imgui.Col_.button_hovered.value, theme.ACCENT)
            imgui.push_style_color(imgui.Col_.text.value, theme.ON_ACCENT)
        pressed = controls.button(f"{row}##row", f"Row {row} of ws: coarse first, fine last", width)
        if ticked:
            imgui.pop_style_color(3)
        return pressed


def _build_captions(num_ws: int) -> None:
    """What the first and the last row change, below the ticks."""
    room = imgui.get_content_region_avail().x
    text = controls.ellipsis(f"0 coarse → fine {num_ws - 1}", room)
    imgui.text_colored(theme.TEXT_FAINT, text)
    controls.tooltip("The first rows change pose and shape, the last ones colour and texture")
