"""How much of a picture lies outside the displayable range."""

from __future__ import annotations

import math

import numpy as np

from visualizer.shown import Shown

MARKS = ((240, 50, 60), (40, 90, 240))  # as the renderer colours what is clipped, if asked to
MANY = 0.2  # of the pixels: worth a remedy
READ_SEC = 0.25  # between two readings
SIDE = 64  # of the samples: as the share is shown, more make no difference


def clipped_share(shown: Shown) -> float:
    """The share of pixels that are black or white in a shown channel, 0…1."""
    display = shown.result.request.views[0].display
    if shown.pixels is None:
        return 0.0
    height, width = shown.pixels.shape[:2]
    width //= 1 if display.spectrum is None else 2  # which stands beside the picture
    step = max(1, height // SIDE), max(1, width // SIDE)
    pixels = shown.pixels[:: step[0], : width : step[1]]
    if display.mark_outside:
        clipped = [np.all(pixels == mark, axis=2) for mark in MARKS]
        return float(np.mean(clipped[0] | clipped[1]))
    clipped_channels = pixels + np.uint8(1) <= 1  # 255 wraps to 0
    first, *others = np.moveaxis(clipped_channels, 2, 0)
    for other in others:  # reducing so short an axis takes ten times as long
        first = first | other
    return float(np.count_nonzero(first) / first.size)


class ClippedShare:
    """`clipped_share`, read a few times a second while pictures of one view follow each other."""

    def __init__(self) -> None:
        self._read: Shown | None = None
        self._looked_at: tuple[object, ...] = ()
        self._read_sec = -math.inf
        self._share = 0.0

    def share_of(self, shown: Shown, now_sec: float) -> float:
        """Of this picture, or of one of the same view a moment before."""
        is_late = now_sec - self._read_sec >= READ_SEC
        if shown is not self._read and (is_late or _looked_at(shown) != self._looked_at):
            self._read, self._looked_at, self._read_sec = shown, _looked_at(shown), now_sec
            self._share = clipped_share(shown)
        return self._share


def _looked_at(shown: Shown) -> tuple[object, ...]:
    view = shown.result.request.views[0]
    return view.model, view.display


def describe_share(share: float) -> str:
    """A share in whole per cent; a little is not none."""
    return "< 1 %" if 0 < share <= 0.005 else f"{share:.0%}".replace("%", " %")
