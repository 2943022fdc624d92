"""Compare: a pinned picture (B) against the present one (A)."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from imgui_bundle import imgui

from renderer.state import CompareMode, CompareState, ViewState
from visualizer import controls, difference_legend, icons, theme
from visualizer.comparison import (
    KINDS,
    PARTS,
    Comparison,
    b_state,
    pin,
    swap,
    toggle_part,
    unpin,
)
from visualizer.comparison_view import describe
from visualizer.context import Context, Shown

_MODES: tuple[tuple[CompareMode, str, str], ...] = (
    ("A", "A", "The present picture"),
    ("B", "B", "The pinned picture (P flips)"),
    ("Side by side", "Side", "Both, with one zoom and one cursor"),
    ("Wipe", "Wipe", "A left and B right of an edge to drag"),
    ("Blink", "Blink", "A and B in turn"),
    ("Difference", "Diff", "A − B of the raw values"),
)
_FOLLOW_HELP = {
    "Latent": "B has the latent, class, style mixing, truncation and noise of A",
    "Transform": "B is moved and turned as A",
    "Layer": "B shows the layer, gain and spectrum of A",
}
_KIND_HELP = {
    "signed": "Grey where both agree",
    "absolute": "Black where both agree",
    "squared": "Squared values: black where both agree",
}


class ComparePanel:
    """Pin, choose what B takes from A, choose how both are shown."""

    title: ClassVar[str] = "Compare"

    def __init__(self, context: Context) -> None:
        self._context = context

    def build_ui(self, state: ViewState, result: Shown | None) -> ViewState:
        """Draw the panel; returns the new state."""
        if state.comparison.pinned is None:
            controls.note("Pin the picture as B; then change model, latent or layer: that is A.")
            if controls.button(f"{icons.SNAP} Pin this picture###pin", "Key P", -1):
                state = pin(state, "Side by side")
            return state
        state = _build_pinned(state)
        if state.comparison.pinned is None:
            return state
        state = _build_follows(state)
        comparison = _build_modes(state.comparison)
        if comparison.mode == "Blink":
            comparison = _build_blink(comparison)
        if comparison.mode == "Difference":
            comparison = _build_difference(comparison)
            _build_numbers(self._context.comparison)
        return replace(state, comparison=comparison)


def _build_pinned(state: ViewState) -> ViewState:
    text = describe(b_state(state))
    controls.label("B")
    imgui.text_unformatted(controls.ellipsis(text, imgui.get_content_region_avail().x))
    controls.tooltip(text)
    width = controls.half_width(3)
    new = state
    if controls.button("Pin again", "The present picture becomes B", width):
        new = pin(state)
    controls.next_to()
    if controls.button("Swap", "A becomes B, and B becomes A", width):
        new = swap(state)
    controls.next_to()
    if controls.button("Unpin", "End comparing", width):
        new = unpin(state)
    return new


def _build_follows(state: ViewState) -> ViewState:
    imgui.text_colored(theme.TEXT_DIM, "B takes from A")
    width = controls.half_width(3)
    for idx, part in enumerate(PARTS):
        if idx:
            controls.next_to()
        active = part in state.comparison.follows
        if controls.button(f"{part}##follow", _FOLLOW_HELP[part], width, active):
            state = toggle_part(state, part)
    return state


def _build_modes(comparison: CompareState) -> CompareState:
    imgui.text_colored(theme.TEXT_DIM, "Show")
    width = controls.half_width(3)
    for idx, (mode, name, text) in enumerate(_MODES):
        if idx % 3:
            controls.next_to()
        if controls.button(f"{name}##mode", text, width, mode == comparison.mode):
            comparison = replace(comparison, mode=mode)
    return comparison


def _build_blink(comparison: CompareState) -> CompareState:
    controls.label("Rate", comparison.blink_hz != 1)
    blink_hz = controls.number(
        "blink rate", comparison.blink_hz, 1.0, limits=(0.2, 10.0), speed=0.02, digits=1,
        unit="Hz", help_text="How often a second A and B have both been shown",
    )  # fmt: skip
    return replace(comparison, blink_hz=blink_hz)


def _build_difference(comparison: CompareState) -> CompareState:
    width = controls.half_width(3)
    kind = comparison.kind
    for idx, name in enumerate(KINDS):
        if idx:
            controls.next_to()
        if controls.button(f"{name.capitalize()}##kind", _KIND_HELP[name], width, name == kind):
            kind = name
    controls.label("Gain", comparison.gain_db != 0)
    gain_db = controls.number(
        "difference gain", comparison.gain_db, 0.0, limits=(-40.0, 80.0), speed=0.2, digits=1,
        unit="dB", help_text="Of the difference, before it is squared",
    )  # fmt: skip
    controls.label("Colours", comparison.in_colors)
    in_colors = controls.toggle(
        "colors", comparison.in_colors, "Viridis", help_text="The mean over the channels in viridis"
    )
    new = replace(comparison, kind=kind, gain_db=gain_db, in_colors=in_colors)
    difference_legend.build_ui(difference_legend.legend_of(new))
    return new


def _build_numbers(comparison: Comparison) -> None:
    if comparison.is_unlike:
        controls.note("A and B are not of one size: choose layers that are.")
        return
    if comparison.error is not None:
        controls.note(comparison.error.message)
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
