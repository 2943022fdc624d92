"""The pixel that the mouse points at, what the renderer knows about it, and where it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from renderer.messages import LayerInfo, Probe, ProbeRegion, View
from visualizer.inquiry import Inquiries

REGION_PX = 64  # side of the region whose raw values are asked for
GRID_PX = 32  # its corner moves in such steps, so that a moving mouse seldom asks again
TOPIC = "pointer"

Values = np.ndarray[Any, np.dtype[np.float32]]
Place = tuple[int, int]  # x, y in samples of the shown layer


@dataclass
class Pointer:
    """Set by the viewport, read by the Pixel panel; and the other way round for what is wanted."""

    place: Place | None = None  # under the mouse, None outside the picture
    pinned: Place | None = None  # clicked, to look at all channels there
    is_wanted: bool = False  # the Pixel panel is open: clicks pin


@dataclass(frozen=True)
class Position:
    """A place in the coordinates of the picture that the model makes."""

    x_widths: float  # from the centre, + = right, of the sample's middle
    y_widths: float  # + = down


def position_of(place: Place, layer: LayerInfo) -> Position:
    """Where a sample lies in image widths; the margins of a layer lie beyond ±0.5."""
    rate = layer.sampling_rate or float(layer.width)
    return Position(
        (place[0] + 0.5 - layer.width / 2) / rate, (place[1] + 0.5 - layer.height / 2) / rate
    )


def region_around(place: Place, view: View) -> ProbeRegion:
    """A question about the neighbourhood of a place."""
    x0 = (place[0] - REGION_PX // 2 + GRID_PX // 2) // GRID_PX * GRID_PX
    y0 = (place[1] - REGION_PX // 2 + GRID_PX // 2) // GRID_PX * GRID_PX
    return region_at(x0, y0, REGION_PX, REGION_PX, view)


def region_at(x0: int, y0: int, width: int, height: int, view: View) -> ProbeRegion:
    """A question about a rectangle; gain and colours do not matter to it."""
    return ProbeRegion(raw_view(view), y0, x0, height, width)


def raw_view(view: View) -> View:
    """The view without what only changes how its values are shown."""
    display = replace(
        view.display, normalize=False, scale_db=0.0, mark_outside=False, spectrum=None
    )
    return replace(view, display=display)


def values_of(probe: Probe) -> Values:
    """float32 [num_channels, height, width]."""
    shape = (probe.num_channels, probe.height, probe.width)
    return np.frombuffer(probe.values, "<f4").reshape(shape)


def value_at(probe: Probe | None, place: Place, view: View) -> Values | None:
    """The values of the shown channels at a place; None when they are not known yet."""
    if probe is None or probe.view != raw_view(view):
        return None
    x, y = place[0] - probe.x0, place[1] - probe.y0
    if not (0 <= x < probe.width and 0 <= y < probe.height):
        return None
    return values_of(probe)[:, y, x]


def ask_around(inquiries: Inquiries, place: Place, view: View) -> Probe | None:
    """The newest values known around a place."""
    return inquiries.ask(TOPIC, region_around(place, view), Probe)


def describe_value(value: float, room: int = 6) -> str:
    """A raw value in few letters, with its sign: +0.934, −12.4, +1.3e5."""
    size = abs(value)
    if not np.isfinite(value):
        return str(value)
    if size and not 1e-3 <= size < 10 ** (room - 2):
        return f"{value:+.1e}".replace("e+0", "e").replace("e-0", "e-").replace("-", "−")
    digits = max(0, room - 2 - len(str(int(size))))
    return f"{value:+.{digits}f}".replace("-", "−")


def signed(value: float, digits: int = 4) -> str:
    """A number with its sign, as long as its opposite."""
    return f"{value:+.{digits}f}".replace("-", "−")
