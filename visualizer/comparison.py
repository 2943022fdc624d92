"""Two pictures: the present one (A) and a pinned one (B), which may follow A in parts.

What is compared, and how, is a part of the state (`CompareState`), so that undo, sessions and
saved pictures have it; here are the steps from one such state to the next, and what has come.
"""

from __future__ import annotations

import typing
from dataclasses import replace

from renderer.messages import DifferenceKind, DifferenceSpec, ErrorInfo, RenderRequest, RenderResult
from renderer.state import (
    CompareMode,
    ComparePart,
    CompareState,
    ViewState,
    to_view,
)
from visualizer.history import paused
from visualizer.shown import Shown

MODES: tuple[CompareMode, ...] = typing.get_args(CompareMode)
KINDS: tuple[DifferenceKind, ...] = typing.get_args(DifferenceKind)
# What B can take from A, by the fields of the state.
PARTS: dict[ComparePart, tuple[str, ...]] = {
    "Latent": ("latent", "label", "mix", "truncation", "noise"),
    "Transform": ("transform",),
    "Layer": ("layer", "spectrum"),
}


def alone(state: ViewState) -> ViewState:
    """The state without its comparison: the picture A."""
    return replace(state, comparison=CompareState())


def pin(state: ViewState, mode: CompareMode | None = None) -> ViewState:
    """Make this picture B."""
    comparison = replace(state.comparison, pinned=alone(paused(state)))
    return replace(state, comparison=replace(comparison, mode=mode or comparison.mode))


def unpin(state: ViewState) -> ViewState:
    """End comparing; how the next one is shown stays."""
    return replace(state, comparison=replace(state.comparison, pinned=None))


def flip(state: ViewState) -> ViewState:
    """From A to B, from anything else to A."""
    mode: CompareMode = "B" if state.comparison.mode == "A" else "A"
    return replace(state, comparison=replace(state.comparison, mode=mode))


def swap(state: ViewState) -> ViewState:
    """A becomes B, and B becomes A."""
    return replace(b_state(state), comparison=pin(state).comparison)


def toggle_part(state: ViewState, part: ComparePart) -> ViewState:
    """B takes this part from A, or has its own again."""
    follows = tuple(p for p in PARTS if (p in state.comparison.follows) != (p == part))
    return replace(state, comparison=replace(state.comparison, follows=follows))


def b_state(state: ViewState) -> ViewState:
    """The state of B beside this state of A."""
    pinned = state.comparison.pinned
    assert pinned is not None
    names = [name for part in state.comparison.follows for name in PARTS[part]]
    return replace(pinned, **{name: getattr(state, name) for name in names})


def extend(request: RenderRequest, state: ViewState) -> RenderRequest:
    """The request of A with what the comparison needs."""
    comparison = state.comparison
    if comparison.pinned is None or comparison.mode == "A":
        return request
    spec = None
    if comparison.mode == "Difference":
        spec = DifferenceSpec(
            kind=comparison.kind, gain_db=comparison.gain_db, in_colors=comparison.in_colors
        )
    return RenderRequest((*request.views, to_view(b_state(state), "b")), spec)


class Comparison:
    """What has come for B. Nothing here is part of the state."""

    def __init__(self) -> None:
        self.state = CompareState()  # as of the last frame
        self.shown: Shown | None = None  # B
        self.shown_difference: Shown | None = None
        self.error: ErrorInfo | None = None  # why there is no B, or no difference
        self.is_loading = False  # B waits for its model

    def follow(self, state: ViewState) -> None:
        """Call once per frame: pictures of what is not compared any more are let go."""
        if state.comparison.pinned is None:
            self.shown = self.shown_difference = self.error = None
            self.is_loading = False
        self.state = state.comparison

    @property
    def is_on(self) -> bool:
        """Whether B is looked at."""
        return self.state.pinned is not None and self.state.mode != "A"

    @property
    def is_blinking(self) -> bool:
        return self.is_on and self.state.mode == "Blink"

    def take(self, result: RenderResult, shown: dict[str, Shown]) -> None:
        """What has come for a request, by the names of its tiles."""
        if all(view.name != "b" for view in result.request.views):
            return
        self.shown, self.shown_difference = shown.get("b"), shown.get("difference")
        of_b = (f.error for f in result.failures if f.name in ("b", "difference"))
        self.error = next(of_b, None)
        self.is_loading = "b" in result.waiting

    @property
    def is_unlike(self) -> bool:
        """A difference is wanted, and there is none: the layers are not of one size."""
        wanted = self.is_on and self.state.mode == "Difference"
        return wanted and self.shown is not None and not self.shown_difference
