"""Class: for conditional models, a class or a blend of two."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from imgui_bundle import imgui

from renderer.state import LabelState, ViewState
from visualizer import controls
from visualizer.context import Context, Shown


class LabelPanel:
    """Follows the seed unless a class is chosen."""

    title: ClassVar[str] = "Class"

    def __init__(self, context: Context) -> None:
        self._context = context

    def build_ui(self, state: ViewState, result: Shown | None) -> ViewState:
        """Draw the panel; returns the new state."""
        model = self._context.model
        if model is None or not model.c_dim:
            controls.note("This model has no classes.")
            return state
        return replace(state, label=self._build_label(state.label, model.c_dim))

    def _build_label(self, label: LabelState, c_dim: int) -> LabelState:
        controls.label("Class", label.class_idx is not None)
        text = "Drag or type; right click: the class follows the seed"
        first = _class_field("class", label.class_idx, c_dim, "follows seed", text)
        imgui.begin_disabled(first is None)
        controls.label("Second", label.second_class_idx is not None)
        second = _class_field("second", label.second_class_idx, c_dim, "none", "Blend towards it")
        imgui.begin_disabled(second is None)
        controls.label("Blend", label.blend != 0)
        blend = controls.number(
            "blend", label.blend, 0.0, limits=(0.0, 1.0), speed=0.005,
            help_text="0 = the first class, 1 = the second",
        )  # fmt: skip
        imgui.end_disabled()
        imgui.end_disabled()
        if first is None:
            return LabelState()
        return LabelState(first, second, blend if second is not None else 0.0)


def _class_field(name: str, value: int | None, c_dim: int, none: str, text: str) -> int | None:
    """A class index; −1 is written as `none`."""
    index = -1 if value is None else min(value, c_dim - 1)
    shown = none if index < 0 else None
    new = controls.integer(
        name, index, -1, limits=(-1, c_dim - 1), speed=0.05, shown=shown, help_text=text
    )
    return None if new < 0 else new
