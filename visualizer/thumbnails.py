"""Small pictures of the states in the history, kept in one texture."""

from __future__ import annotations

from typing import Any

import numpy as np

from renderer.state import ViewState
from visualizer.comparison import alone

THUMB_PX = 48
COLUMNS = 16
CAPACITY = COLUMNS * COLUMNS

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
Corners = tuple[float, float, float, float]  # u0, v0, u1, v1


def shrink(pixels: Pixels, size: int = THUMB_PX) -> Pixels:
    """uint8 [H, W, C] → [size, size, 3], averaged, with black beside what is not square."""
    height, width = pixels.shape[:2]
    longer = max(height, width)
    if longer > 4 * size:  # a coarse step first: the cost must not grow with the picture
        step = longer // (2 * size)
        pixels = pixels[::step, ::step]
        height, width = pixels.shape[:2]
        longer = max(height, width)
    centers = (np.arange(size) + 0.5) * longer / size
    rows = np.floor(centers - (longer - height) / 2).astype(int)
    columns = np.floor(centers - (longer - width) / 2).astype(int)
    small = np.zeros((size, size, pixels.shape[2]), np.float32)
    shifts = (-longer / size / 4, longer / size / 4)
    for dy in shifts:
        for dx in shifts:
            y, x = np.round(rows + dy).astype(int), np.round(columns + dx).astype(int)
            small += pixels[np.clip(y, 0, height - 1)][:, np.clip(x, 0, width - 1)]
    small /= len(shifts) ** 2
    small[(rows < 0) | (rows >= height)] = 0
    small[:, (columns < 0) | (columns >= width)] = 0
    return np.broadcast_to(small, (size, size, 3)).astype(np.uint8)


class Thumbnails:
    """The last `CAPACITY` states that were shown; a new one takes the place of the oldest."""

    def __init__(self) -> None:
        self.atlas = _empty(1)  # as many rows as are needed: all of it is uploaded at a change
        self.version = 0  # rises when the atlas changes
        self.missing: list[ViewState] = []  # seen in this frame without their pictures
        self._places: dict[ViewState, int] = {}

    def __contains__(self, state: ViewState) -> bool:
        return alone(state) in self._places

    def take(self, state: ViewState, pixels: Pixels) -> None:
        """Keep a small picture of a state; what it is compared with does not matter."""
        state = alone(state)
        place = len(self._places)
        if state in self._places:
            place = self._places.pop(state)
        elif place == CAPACITY:
            place = self._places.pop(next(iter(self._places)))
        self._places[state] = place
        num_rows = len(self.atlas) // THUMB_PX
        if place >= num_rows * COLUMNS:
            self.atlas = np.concatenate([self.atlas, _empty(num_rows)])
        y, x = place // COLUMNS * THUMB_PX, place % COLUMNS * THUMB_PX
        self.atlas[y : y + THUMB_PX, x : x + THUMB_PX] = shrink(pixels)
        self.version += 1

    def corners(self, state: ViewState) -> Corners | None:
        """Where a state's picture lies in the atlas; None where there is none (any more)."""
        place = self._places.get(alone(state))
        if place is None:
            return None
        row, column = divmod(place, COLUMNS)
        height, width = self.atlas.shape[:2]
        edge = 0.5  # of a texel inside, so that neighbours stay out
        return (
            (column * THUMB_PX + edge) / width,
            (row * THUMB_PX + edge) / height,
            ((column + 1) * THUMB_PX - edge) / width,
            ((row + 1) * THUMB_PX - edge) / height,
        )


def _empty(num_rows: int) -> Pixels:
    return np.zeros((num_rows * THUMB_PX, COLUMNS * THUMB_PX, 3), np.uint8)
