"""Where the picture lies on the screen: fit, zoom about a point, pan. Pure geometry.

Zoom is in physical screen pixels per picture pixel, so that 1 is exact on any display.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

# The wheel stops at whole zooms, where pixels are exact.
STOPS = (
    *(1 / 16, 1 / 8, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 1.0),
    *(1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0),
)


@dataclass(frozen=True)
class Camera:
    """How one looks at the picture; `zoom` None fits it into the region."""

    zoom: float | None = None
    pan_x: float = 0.0  # physical pixels from the centre of the region to the picture's centre
    pan_y: float = 0.0


@dataclass(frozen=True)
class Rect:
    """A rectangle in screen coordinates (y down)."""

    x: float
    y: float
    width: float
    height: float

    @property
    def center(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2

    def shrunk(self, margin: float) -> Rect:
        """The rectangle without a margin on every side."""
        width, height = max(1.0, self.width - 2 * margin), max(1.0, self.height - 2 * margin)
        return Rect(self.x + margin, self.y + margin, width, height)

    def contains(self, x: float, y: float) -> bool:
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height


def matched(picture: Rect, num_parts: int, other: tuple[int, int], other_parts: int) -> Rect:
    """Where another picture (width, height) stands for this one, in its own proportions.

    Args:
        num_parts: 2 where a spectrum, as wide as the picture, stands beside it.
        other_parts: the same of the other one.
    """
    room = picture.width / num_parts
    scale = min(room * other_parts / max(1, other[0]), picture.height / max(1, other[1]))
    width, height = other[0] * scale, other[1] * scale
    if abs(width - picture.width) + abs(height - picture.height) < 1e-3:
        return picture  # to the last bit: nothing moves when flipping
    x = picture.x + (room - width / other_parts) / 2
    return Rect(x, picture.y + (picture.height - height) / 2, width, height)


def fit_zoom(region: Rect, picture: tuple[int, int], scale: float = 1.0) -> float:
    """The zoom that shows the whole picture (width, height) as large as the region allows."""
    width, height = picture
    return max(1e-3, min(region.width / width, region.height / height) * scale)


def effective_zoom(
    camera: Camera, region: Rect, picture: tuple[int, int], scale: float = 1.0
) -> float:
    """The zoom in use."""
    return fit_zoom(region, picture, scale) if camera.zoom is None else camera.zoom


def place(camera: Camera, region: Rect, picture: tuple[int, int], scale: float = 1.0) -> Rect:
    """The picture's rectangle on the screen, its corner on a whole physical pixel.

    Args:
        scale: physical pixels per screen unit (2 on most macOS displays).
    """
    zoom = effective_zoom(camera, region, picture, scale)
    width, height = picture[0] * zoom / scale, picture[1] * zoom / scale
    x = region.center[0] + camera.pan_x / scale - width / 2
    y = region.center[1] + camera.pan_y / scale - height / 2
    return Rect(round(x * scale) / scale, round(y * scale) / scale, width, height)


def zoom_about(
    camera: Camera,
    region: Rect,
    picture: tuple[int, int],
    cursor: tuple[float, float],
    steps: float,
    scale: float = 1.0,
) -> Camera:
    """Zoom by wheel steps (+ = in); the picture's point under the cursor stays there."""
    old = effective_zoom(camera, region, picture, scale)
    new = next_stop(old, steps)
    center_x = region.center[0] + camera.pan_x / scale
    center_y = region.center[1] + camera.pan_y / scale
    ratio = new / old
    return Camera(
        zoom=new,
        pan_x=(cursor[0] + (center_x - cursor[0]) * ratio - region.center[0]) * scale,
        pan_y=(cursor[1] + (center_y - cursor[1]) * ratio - region.center[1]) * scale,
    )


def next_stop(zoom: float, steps: float) -> float:
    """The stop above or below a zoom, `steps` further on (at least one)."""
    count = max(1, round(abs(steps)))
    for _ in range(count):
        if steps > 0:
            zoom = min((stop for stop in STOPS if stop > zoom * 1.001), default=zoom)
        else:
            zoom = max((stop for stop in STOPS if stop < zoom / 1.001), default=zoom)
    return zoom


def pan_by(
    camera: Camera,
    region: Rect,
    picture: tuple[int, int],
    delta: tuple[float, float],
    scale: float = 1.0,
) -> Camera:
    """Move the picture by a distance in screen units; the zoom in use is kept."""
    zoom = effective_zoom(camera, region, picture, scale)
    return replace(
        camera,
        zoom=zoom,
        pan_x=camera.pan_x + delta[0] * scale,
        pan_y=camera.pan_y + delta[1] * scale,
    )


def angle_turns(center: tuple[float, float], point: tuple[float, float]) -> float:
    """Direction of a point seen from the centre, in turns, + = counter-clockwise on the screen."""
    return math.atan2(center[1] - point[1], point[0] - center[0]) / math.tau


def wrap_turns(turns: float) -> float:
    """A difference of directions, brought to −0.5…0.5 turns."""
    return turns - round(turns)


def is_exact(zoom: float) -> bool:
    """Whether each picture pixel covers a whole number of screen pixels."""
    return zoom >= 1 and abs(zoom - round(zoom)) < 1e-6
