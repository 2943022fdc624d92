"""What panels may use besides the state: models, settings, timings, and actions of the app."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from renderer.messages import ModelInfo
from visualizer.comparison import Comparison
from visualizer.history import History
from visualizer.inquiry import Inquiries
from visualizer.models import Models
from visualizer.notices import Notices
from visualizer.pointer import Pointer
from visualizer.settings import Settings
from visualizer.shown import Shown
from visualizer.thumbnails import Thumbnails

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Value = TypeVar("Value", bound=DataclassInstance)

__all__ = ["NUM_SAMPLES", "Context", "Shown", "Timings", "percentile", "with_changes"]

NUM_SAMPLES = 240  # of the plots: 4 seconds at 60 fps


@dataclass
class Timings:
    """Recent times in milliseconds, for the plots and the status bar."""

    gui_ms: deque[float] = field(default_factory=lambda: deque(maxlen=NUM_SAMPLES))
    frame_ms: deque[float] = field(default_factory=lambda: deque(maxlen=NUM_SAMPLES))
    render_ms: deque[float] = field(default_factory=lambda: deque(maxlen=NUM_SAMPLES))
    latency_ms: deque[float] = field(default_factory=lambda: deque(maxlen=NUM_SAMPLES))
    upload_ms: deque[float] = field(default_factory=lambda: deque(maxlen=NUM_SAMPLES))


def percentile(values: deque[float] | list[float], fraction: float) -> float:
    """The value below which `fraction` of the values lie; 0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))] if ordered else 0.0


def with_changes(value: Value, **fields: object) -> Value:
    """The value with these fields; itself where all of them are equal, which costs less."""
    for name, new in fields.items():
        old = getattr(value, name)
        if new is not old and new != old:
            return replace(value, **fields)
    return value


@dataclass
class Context:
    """Given to every panel once."""

    models: Models
    settings: Settings
    notices: Notices
    timings: Timings
    history: History
    actions: dict[str, Callable[[], None]]  # by name, as in the menus: "Save picture", …
    go: Callable[[int], None]  # that many steps forward (+) or back (−)
    inquiries: Inquiries  # questions to the renderer about what is shown
    open_path: Callable[[str], None]  # a model, a session, or a picture with its state
    model: ModelInfo | None = None  # of the state's model, as far as it is known
    pointer: Pointer = field(default_factory=Pointer)
    comparison: Comparison = field(default_factory=Comparison)
    thumbnails: Thumbnails = field(default_factory=Thumbnails)
