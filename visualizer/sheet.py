"""A contact sheet as the window keeps it: numbers as arrays, orders, texture coordinates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from renderer.messages import ContactSheet, LayerInfo, Sheet, View
from visualizer.pointer import raw_view

THUMB_PX = 96
NUM_BINS = 64
TOPIC = "sheet"
ORDERS = ("Channel", "Variance", "Largest", "Out of band")

Floats = np.ndarray[Any, np.dtype[np.float64]]
Pixels = np.ndarray[Any, np.dtype[np.uint8]]


def sheet_question(view: View) -> ContactSheet:
    """All channels of the view's layer; which of them the picture shows does not matter."""
    view = raw_view(view)
    display = replace(view.display, num_channels=3, base_channel=0)
    return ContactSheet(replace(view, display=display), THUMB_PX, NUM_BINS)


@dataclass(frozen=True, eq=False)
class SheetData:
    """A sheet, unpacked once."""

    sheet: Sheet
    atlas: Pixels  # [rows · thumb_height, columns · thumb_width, 1]
    keys: dict[str, Floats]  # by order: what is sorted by, the largest first
    histograms: np.ndarray[Any, np.dtype[np.uint32]]  # [channels, num_bins]

    @property
    def num_channels(self) -> int:
        return self.sheet.layer.channels

    @property
    def orders(self) -> tuple[str, ...]:
        """The orders there are: without a designed band, none is out of it."""
        return tuple(order for order in ORDERS if order == ORDERS[0] or order in self.keys)

    def sorted_channels(self, order: str) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Channel numbers, the largest value first; by number where the order is unknown."""
        if order not in self.keys:
            return np.arange(self.num_channels)
        return np.argsort(-self.keys[order], kind="stable")

    def corner(self, channel: int) -> tuple[float, float, float, float]:
        """u0, v0, u1, v1 of a thumbnail: half a texel inside, so that neighbours stay out."""
        sheet = self.sheet
        height, width = self.atlas.shape[:2]
        x0 = channel % sheet.columns * sheet.thumb_width
        y0 = channel // sheet.columns * sheet.thumb_height
        x1, y1 = x0 + sheet.thumb_width, y0 + sheet.thumb_height
        return (
            (x0 + 0.5) / width,
            (y0 + 0.5) / height,
            (x1 - 0.5) / width,
            (y1 - 0.5) / height,
        )

    def describe(self, channel: int, order: str) -> str:
        """The value that the order is about, in few letters."""
        if order not in self.keys:
            return ""
        value = float(self.keys[order][channel])
        text = f"{value:.0f} dB" if order == "Out of band" else f"{value:.3g}"
        return text.replace("-", "−")


def unpack(sheet: Sheet) -> SheetData:
    """Read the bytes of a sheet."""
    shape = (sheet.rows * sheet.thumb_height, sheet.columns * sheet.thumb_width, 1)
    keys = {"Variance": np.asarray(sheet.variance), "Largest": np.asarray(sheet.max_abs)}
    if sheet.out_of_band_db and _leaves_room(sheet.layer):
        keys["Out of band"] = np.asarray(sheet.out_of_band_db)
    histograms = np.frombuffer(sheet.histograms, "<u4").reshape(-1, sheet.num_bins)
    return SheetData(sheet, np.frombuffer(sheet.atlas, np.uint8).reshape(shape), keys, histograms)


def _leaves_room(layer: LayerInfo) -> bool:
    """Whether there are frequencies out of the layer's band: a disc always leaves the corners."""
    rate = layer.sampling_rate
    return layer.is_radial or not rate or layer.cutoff is None or layer.cutoff < rate / 2
