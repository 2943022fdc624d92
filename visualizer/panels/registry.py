"""Which panels there are, in their order. Adding a panel = one file, one line."""

from __future__ import annotations

from typing import ClassVar, Protocol

from renderer.state import ViewState
from visualizer.context import Context, Shown
from visualizer.panels.latent import LatentPanel


class Panel(Protocol):
    """A titled group of controls."""

    title: ClassVar[str]

    def __init__(self, context: Context) -> None: ...
    def build_ui(self, state: ViewState, result: Shown | None) -> ViewState: ...


LEFT: tuple[type[Panel], ...] = (LatentPanel,)  # what the picture is
RIGHT: tuple[type[Panel], ...] = ()  # how one looks at it
PANELS = LEFT + RIGHT
