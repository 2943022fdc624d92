"""Two pictures: the present one (A) and a pinned one (B), which may follow A in parts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from renderer.messages import DifferenceSpec, RenderRequest
from renderer.state import ViewState, to_view
from visualizer.shown import Shown

MODES = ("A", "B", "Side by side", "Wipe", "Blink", "Difference")
BLINK_SEC = 0.5
# What B can take from A, by the fields of the state.
PARTS: dict[str, tuple[str, ...]] = {
    "Latent": ("latent", "label", "mix", "truncation", "noise"),
    "Transform": ("transform",),
    "Layer": ("layer", "spectrum"),
}


@dataclass
class Comparison:
    """What is compared with what, and how. Nothing here is part of the picture's state."""

    pinned: ViewState | None = None
    follows: set[str] = field(default_factory=set)  # parts that B takes from A
    mode: str = "A"
    wipe: float = 0.5  # where A ends, as a share of the picture's width
    difference: DifferenceSpec = field(default_factory=DifferenceSpec)
    shown: Shown | None = None  # B
    shown_difference: Shown | None = None
    is_fresh: bool = False  # new pixels to be uploaded

    @property
    def is_blinking(self) -> bool:
        return self.pinned is not None and self.mode == "Blink"

    def pin(self, state: ViewState) -> None:
        """Make this picture B."""
        self.pinned = state

    def unpin(self) -> None:
        """End comparing."""
        self.pinned, self.mode = None, "A"
        self.shown = self.shown_difference = None

    def flip(self) -> None:
        """From A to B, from anything else to A."""
        if self.pinned is not None:
            self.mode = "B" if self.mode == "A" else "A"

    def b_state(self, state: ViewState) -> ViewState:
        """The state of B beside this state of A."""
        assert self.pinned is not None
        names = [name for part in self.follows for name in PARTS[part]]
        return replace(self.pinned, **{name: getattr(state, name) for name in names})

    def extend(self, request: RenderRequest, state: ViewState) -> RenderRequest:
        """The request of A with what the comparison needs."""
        if self.pinned is None or self.mode == "A":
            return request
        views = (*request.views, to_view(self.b_state(state), "b"))
        spec = self.difference if self.mode == "Difference" else None
        return RenderRequest(views, spec)

    def take(self, shown: dict[str, Shown]) -> None:
        """What has come for a request, by the names of its tiles."""
        if "b" in shown:
            self.shown = shown["b"]
            self.shown_difference = shown.get("difference")
            self.is_fresh = True

    @property
    def is_unlike(self) -> bool:
        """A difference is wanted, and there is none: the layers are not of one size."""
        return self.mode == "Difference" and self.shown is not None and not self.shown_difference
