"""Compare: a pinned picture (B) against the present one (A)."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from imgui_bundle import imgui

from renderer.messages import DifferenceKind, DifferenceSpec
from renderer.state import ViewState
from visualizer import controls, icons, theme
from visualizer.comparison import PARTS, Comparison
from visualizer.comparison_view import describe
from visualizer.context import Context, Shown
from visualizer.history import paused

_MODES = (
    ("A", "A", "The present picture"),
    ("B", "B", "The pinned picture (P flips)"),
    ("Side by side", "Side", "Both, with one zoom and one cursor"),
    ("Wipe", "Wipe", "A left and B right of an edge to drag"),
    ("Blink", "Blink", "A and B in turn"),
    ("Difference", "Diff", "A − B of the raw values"),
)
_KINDS: tuple[DifferenceKind, ...] = ("signed", "absolute", "squared")
_FOLLOW_HELP = {
    "Latent": "B has the latent, class, style mixing, truncation and noise of A",
    "Transform": "B is moved and turned as A",
    "Layer": "B shows the layer, gain and spectrum of A",
}


class ComparePanel:
    """Pin, choose what B takes from A, choose how both are shown."""

    title: ClassVar[str] = "Compare"

    def __init__(self, context: Context) -> None:
        self._context = context

    def build_ui(self, state: ViewState, result: Shown | None) -> ViewState:
        """Draw the panel; returns the new state."""
        comparison = self._context.comparison
        if comparison.pinned is None:
            controls.note("Pin the picture as B; then change model, latent or layer: that is A.")
            if controls.button(f"{icons.SNAP} Pin this picture###pin", "Key P", -1):
                comparison.pin(paused(state))
                comparison.mode = "Side by side"
            return state
        state = _build_pinned(comparison, state)
        _build_follows(comparison)
        _build_modes(comparison)
        if comparison.mode == "Difference":
            comparison.difference = _build_difference(comparison.difference)
            _build_numbers(comparison)
        return state


def _build_pinned(comparison: Comparison, state: ViewState) -> ViewState:
    assert comparison.pinned is not None
    text = describe(comparison.b_state(state))
    controls.label("B")
    imgui.text_unformatted(controls.ellipsis(text, imgui.get_content_region_avail().x))
    controls.tooltip(text)
    width = controls.half_width(3)
    if controls.button("Pin again", "The present picture becomes B", width):
        comparison.pin(paused(state))
    controls.next_to()
    if controls.button("Swap", "A becomes B, and B becomes A", width):
        other = comparison.b_state(state)
        comparison.pin(paused(state))
        state = other
    controls.next_to()
    if controls.button("Unpin", "End comparing", width):
        comparison.unpin()
    return state


def _build_follows(comparison: Comparison) -> None:
    imgui.text_colored(theme.TEXT_DIM, "B takes from A")
    width = controls.half_width(3)
    for idx, part in enumerate(PARTS):
        if idx:
            controls.next_to()
        active = part in comparison.follows
        if controls.button(f"{part}##follow", _FOLLOW_HELP[part], width, active):
            comparison.follows = comparison.follows ^ {part}


def _build_modes(comparison: Comparison) -> None:
    imgui.text_colored(theme.TEXT_DIM, "Show")
    width = controls.half_width(3)
    for idx, (mode, name, text) in enumerate(_MODES):
        if idx % 3:
            controls.next_to()
        if controls.button(f"{name}##mode", text, width, mode == comparison.mode):
            comparison.mode = mode


def _build_difference(spec: DifferenceSpec) -> DifferenceSpec:
    width = controls.half_width(3)
    kind = spec.kind
    for idx, name in enumerate(_KINDS):
        if idx:
            controls.next_to()
        text = {"signed": "Grey where both agree", "absolute": "Black where both agree"}
        if controls.button(
            f"{name.capitalize()}##kind", text.get(name, "Squared values"), width, name == kind
        ):
            kind = name
    controls.label("Gain", spec.gain_db != 0)
    gain_db = controls.number(
        "difference gain", spec.gain_db, 0.0, limits=(-40.0, 80.0), speed=0.2, digits=1,
        unit="dB", help_text="Of the difference, before it is squared",
    )  # fmt: skip
    controls.label("Colours", spec.in_colors)
    in_colors = controls.toggle(
        "colors", spec.in_colors, "Viridis", help_text="The mean over the channels in viridis"
    )
    return replace(spec, kind=kind, gain_db=gain_db, in_colors=in_colors)


def _build_numbers(comparison: Comparison) -> None:
    if comparison.is_unlike:
        controls.note("A and B are not of one size: choose layers that are.")
        return
    found = comparison.shown_difference
    if found is None:
        return
    stats = found.tile.stats
    for name, value, text in (
        ("RMS", stats.std[0], "Root mean square of the raw difference"),
        ("Largest", stats.max_abs[0], "Largest magnitude of the raw difference"),
    ):
        controls.label(name)
        imgui.text_unformatted(f"{value:.4g}")
        controls.tooltip(text)
