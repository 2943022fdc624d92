"""Transform: move and turn what the generator draws."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from imgui_bundle import imgui

from renderer.state import TransformState, ViewState
from visualizer import controls, icons
from visualizer.context import Context, Shown, with_changes

_DEFAULT = TransformState()
_FAST, _SLOW = 0.1, 0.01  # of an image width per width of a letter


class TransformPanel:
    """Translation, rotation, their animations, rounding and un-transforming."""

    title: ClassVar[str] = "Transform"

    def __init__(self, context: Context) -> None:
        self._context = context

    def build_ui(self, state: ViewState, result: Shown | None) -> ViewState:
        """Draw the panel; returns the new state."""
        model = self._context.model
        missing = model is not None and not model.has_input_transform
        if missing:
            controls.note("This model cannot be transformed: it has no Fourier-feature input.")
        imgui.begin_disabled(missing)
        transform = self._build_translation(state.transform)
        transform = self._build_rotation(transform)
        transform = self._build_options(transform)
        imgui.end_disabled()
        return with_changes(state, transform=transform)

    def _build_translation(self, transform: TransformState) -> TransformState:
        controls.label("Translate", (transform.x, transform.y) != (0, 0))
        width = controls.half_width()
        text = "In image widths; + = right, + = down"
        limits = (-10.0, 10.0)
        x = controls.number(
            "x", transform.x, 0, limits=limits, speed=0.002, digits=3, prefix="x", width=width,
            help_text=text,
        )  # fmt: skip
        controls.next_to()
        y = controls.number(
            "y", transform.y, 0, limits=limits, speed=0.002, digits=3, prefix="y", help_text=text
        )
        dx, dy = _drag_pads("translate", "Drag to move: exactly, or slowly")
        controls.label("Animate", transform.animate_translation)
        animate = controls.toggle(
            "animate_translation", transform.animate_translation, help_text="Move in a circle"
        )
        controls.next_to()
        speed = controls.number(
            "translation_speed", transform.translation_speed, _DEFAULT.translation_speed,
            limits=(0.0, 0.5), speed=0.001, digits=3, unit="w/s",
            help_text="Image widths per second",
        )  # fmt: skip
        return with_changes(
            transform, x=x + dx, y=y + dy, animate_translation=animate, translation_speed=speed
        )

    def _build_rotation(self, transform: TransformState) -> TransformState:
        controls.label("Rotate", transform.angle_turns != 0)
        angle = controls.number(
            "angle", transform.angle_turns * 360, 0, limits=(-360.0, 360.0), speed=0.5, digits=1,
            unit="°", help_text="+ = counter-clockwise",
        )  # fmt: skip
        if angle != transform.angle_turns * 360:
            transform = replace(transform, angle_turns=angle / 360)
        dx, _ = _drag_pads("rotate", "Drag sideways to turn: fast, or slowly")
        controls.label("Animate", transform.animate_rotation)
        animate = controls.toggle(
            "animate_rotation", transform.animate_rotation, help_text="Keep turning"
        )
        controls.next_to()
        speed = controls.number(
            "rotation_speed", transform.rotation_speed, _DEFAULT.rotation_speed,
            limits=(-1.0, 1.0), speed=0.001, digits=3, unit="turn/s", help_text="Turns per second",
        )  # fmt: skip
        turned = transform.angle_turns - dx  # to the right = clockwise
        return with_changes(
            transform, angle_turns=turned, animate_rotation=animate, rotation_speed=speed
        )

    def _build_options(self, transform: TransformState) -> TransformState:
        controls.label("Options", transform.round_to_px or transform.untransform)
        rounded = controls.toggle(
            "round",
            transform.round_to_px,
            "Round to pixels",
            help_text="Translate by whole pixels of the picture",
        )
        controls.label("")
        untransform = controls.toggle(
            "untransform",
            transform.untransform,
            "Untransform",
            help_text="Resample the shown layer back, to compare it with the one not transformed",
        )
        controls.label("")
        transform = with_changes(transform, round_to_px=rounded, untransform=untransform)
        if controls.button(f"{icons.RESET} Reset", "Back to no transform", controls.half_width(1)):
            transform = _DEFAULT
        return transform


def _drag_pads(name: str, text: str) -> tuple[float, float]:
    """Two pads to drag on; returns the movement in image widths (or turns)."""
    controls.label("")
    width = controls.half_width()
    moved = (0.0, 0.0)
    for idx, (title, speed) in enumerate((("Drag", _FAST), ("Slowly", _SLOW))):
        if idx:
            controls.next_to()
        icon = icons.MOVE if name == "translate" else icons.ROTATE
        controls.button(f"{icon} {title}##{name}", text, width)
        if imgui.is_item_active():
            delta = imgui.get_io().mouse_delta
            factor = speed / (imgui.get_font_size() * 2)
            moved = (delta.x * factor, delta.y * factor)
    return moved
