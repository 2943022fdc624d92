"""A picture on the screen and what belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from renderer.messages import LayerInfo, ModelInfo, RenderResult, Tile
from renderer.state import ViewState


@dataclass(frozen=True)
class Shown:
    """The picture on the screen and what belongs to it."""

    result: RenderResult
    tile: Tile
    state: ViewState  # that asked for it
    pixels: np.ndarray[Any, np.dtype[np.uint8]] | None = None  # [H, W, 1 or 3], a copy

    @property
    def model(self) -> ModelInfo:
        return self.tile.model

    @property
    def layers(self) -> tuple[LayerInfo, ...]:
        return self.tile.layers
