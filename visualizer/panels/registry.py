"""Which panels there are, in their order. Adding a panel = one file, one line."""

from __future__ import annotations

import operator
from typing import ClassVar, Protocol

from renderer.state import ViewState
from visualizer.context import Context, Shown
from visualizer.panels.capture import CapturePanel
from visualizer.panels.compare import ComparePanel
from visualizer.panels.label import LabelPanel
from visualizer.panels.latent import LatentPanel
from visualizer.panels.layers import LayersPanel
from visualizer.panels.model import ModelPanel
from visualizer.panels.performance import PerformancePanel
from visualizer.panels.probe import ProbePanel
from visualizer.panels.spectrum import SpectrumPanel
from visualizer.panels.steps import HistoryPanel
from visualizer.panels.style_mixing import StyleMixingPanel
from visualizer.panels.transform import TransformPanel
from visualizer.panels.truncation import TruncationPanel


class Panel(Protocol):
    """A titled group of controls."""

    title: ClassVar[str]

    def __init__(self, context: Context) -> None: ...
    def build_ui(self, state: ViewState, result: Shown | None) -> ViewState: ...


LEFT: tuple[type[Panel], ...] = (  # what the picture is
    ModelPanel,
    LatentPanel,
    StyleMixingPanel,
    TruncationPanel,
    TransformPanel,
    LabelPanel,
    CapturePanel,
)
RIGHT: tuple[type[Panel], ...] = (  # how one looks at it
    LayersPanel,
    SpectrumPanel,
    ProbePanel,
    ComparePanel,
    PerformancePanel,
    HistoryPanel,
)
PANELS = LEFT + RIGHT
SHUT = (
    "Style mixing",
    "Class",
    "Capture",
    "Spectrum",
    "Compare",
    "Performance",
)  # until they are opened
PARTS = {  # of the state, by the panel that changes them
    "Latent": ("latent",),
    "Style mixing": ("mix",),
    "Truncation & noise": ("truncation", "noise"),
    "Transform": ("transform",),
    "Class": ("label",),
    "Layers": ("layer",),
    "Spectrum": ("spectrum",),
    "Compare": ("comparison.pinned",),
    "Performance": ("force_fp32",),
}
_GETTERS = {
    title: tuple((get := operator.attrgetter(place), get(ViewState())) for place in places)
    for title, places in PARTS.items()
}  # with what they get of the default


def is_changed(title: str, state: ViewState) -> bool:
    """Whether something that a panel holds differs from its default."""
    return any(get(state) != default for get, default in _GETTERS.get(title, ()))
