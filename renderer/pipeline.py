"""Renders views of loaded models; the caches of the stages live here."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import psutil
import torch

from renderer.cache import ByteCache
from renderer.difference import difference
from renderer.display import Picture
from renderer.messages import DifferenceSpec, LayerInfo, View
from renderer.models import Model
from renderer.stages import Stages
from renderer.work import Work

MIN_BUDGET_BYTES = 512 << 20
MAX_BUDGET_BYTES = 4 << 30
DIFFERENCE = "difference"  # name of that tile
MEMORY_SHARE = 8  # the caches may take this part of the memory there is


@dataclass(frozen=True)
class RenderedView:
    """A finished tile, before it goes into shared memory."""

    view: View
    model: Model
    picture: Picture
    layers: tuple[LayerInfo, ...]


def never() -> bool:
    """The `should_stop` of a render that runs to its end."""
    return False


def cache_budget(device: str) -> int:
    """Bytes for the caches: the largest layer of a 1024² model should fit."""
    if device == "cuda":
        total = torch.cuda.get_device_properties(device).total_memory
    else:
        total = psutil.virtual_memory().total
    return min(max(total // MEMORY_SHARE, MIN_BUDGET_BYTES), MAX_BUDGET_BYTES)


class Pipeline:
    """The renderer without its process: views to pictures on one device."""

    def __init__(self, device: str, budget_bytes: int | None = None) -> None:
        self._cache = ByteCache(cache_budget(device) if budget_bytes is None else budget_bytes)

    def keep(self, model_keys: Collection[int]) -> None:
        """Forget what was computed with models that have left the memory."""
        self._cache.keep(model_keys)

    def forget(self) -> None:
        """Empty the caches: memory has run out."""
        self._cache.clear()

    def open(
        self, view: View, model: Model, work: Work, should_stop: Callable[[], bool] = never
    ) -> Stages:
        """The stages of a view; to be used under `torch.inference_mode`."""
        stages = Stages(view, model, self._cache, work, should_stop)
        display = view.display
        if display.layer is None or not display.layer_or_output:
            return stages
        if display.layer in [layer.name for layer in stages.layers()]:
            return stages
        view = replace(view, display=replace(display, layer=None))
        return Stages(view, model, self._cache, work, should_stop)

    def render(
        self, view: View, model: Model, work: Work, should_stop: Callable[[], bool] = never
    ) -> RenderedView:
        """Make the picture of a view.

        Raises:
            RenderError: the view asks for something that this model does not have.
            Superseded: `should_stop` said so between two layers.
        """
        with torch.inference_mode():
            stages = self.open(view, model, work, should_stop)
            picture = stages.picture()
            return RenderedView(view, model, picture, stages.layers())

    def render_difference(
        self,
        views: tuple[RenderedView, RenderedView],
        spec: DifferenceSpec,
        work: Work,
        should_stop: Callable[[], bool] = never,
    ) -> RenderedView | None:
        """The difference of two views; None where they differ in size.

        Raises:
            Superseded: `should_stop` said so.
        """
        with torch.inference_mode():
            a, b = (self.open(view.view, view.model, work, should_stop) for view in views)
            picture = difference(a, b, spec)
        if picture is None:
            return None
        view = replace(views[0].view, name=DIFFERENCE)
        return replace(views[0], view=view, picture=picture)
