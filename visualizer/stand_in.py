"""While a picture takes long: the last one, moved as the new one will be, stands in for it."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from imgui_bundle import ImVec2, imgui

from renderer.messages import Matrix, View
from visualizer import theme
from visualizer.app import App
from visualizer.camera import Rect

SLOW_SEC = 0.15  # longer than this, and the last picture moves
PENDING_SEC = 0.5  # longer than this, and a picture that cannot move is marked
OUTPUT = (None, "output")  # names of the layer that is the picture

Points = tuple[tuple[float, float], ...]


class StandIn:
    """Decides whether the last picture stands in, and where."""

    def __init__(self, app: App, clock: Callable[[], float] = time.perf_counter) -> None:
        self._app = app
        self._clock = clock
        self.change: Matrix | None = None  # of the last picture in this frame; None: it stays
        self.text = ""  # what marks it; "" where it is the true one, or soon will be

    def follow(self) -> None:
        """Call once per frame, before the picture is drawn."""
        app = self._app
        self.change, self.text = None, ""
        if app.owed is None or app.shown is None or app.status.state not in ("ready", "busy"):
            return
        now_sec = self._clock()
        is_alone = not app.context.comparison.is_on  # beside B, it would be moved past it
        if is_alone and app.wanted is not None and is_late(app, now_sec):
            before, wanted = app.shown.result.request.views[0], app.wanted.views[0]
            self.change = change_between(before, wanted, app.shown.tile.ref.width)
        if self.change is not None:
            self.text = "preview"
        elif now_sec - app.owed.since_sec > PENDING_SEC:
            self.text = "being computed…"


def is_late(app: App, now_sec: float) -> bool:
    """Whether a picture is owed that takes long, or will as the last one did."""
    if app.owed is None or app.shown is None:
        return False
    is_slow = app.shown.result.render_ms > SLOW_SEC * 1e3
    return is_slow or now_sec - app.owed.since_sec > SLOW_SEC


def change_between(before: View, wanted: View, width_px: int) -> Matrix | None:
    """What moves the picture of one view to where that of another will be, in image widths.

    None where nothing moves, and where a moved picture would be untrue: of another model or layer,
    un-transformed, or with a spectrum beside it.
    """
    if before.model != wanted.model:
        return None
    for display in (before.display, wanted.display):
        if display.layer not in OUTPUT or display.untransform or display.spectrum is not None:
            return None
    old, new = _transform(before, width_px), _transform(wanted, width_px)
    if np.array_equal(old, new) or abs(np.linalg.det(old)) < 1e-8:
        return None
    (a, b, x), (c, d, y), _ = (new @ np.linalg.inv(old)).tolist()
    return ((a, b, x), (c, d, y), (0.0, 0.0, 1.0))


def _transform(view: View, width_px: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    matrix = np.array(view.synthesis.input_transform)
    if view.synthesis.round_to_px:
        matrix[:2, 2] = np.round(matrix[:2, 2] * width_px) / width_px
    return matrix


def moved_corners(change: Matrix, picture: Rect) -> Points:
    """Where the corners of a picture on the screen come to lie, clockwise from its upper left."""
    (a, b, x), (c, d, y), _ = change
    (center_x, center_y), width = picture.center, picture.width
    half, tall = 0.5, picture.height / width / 2
    return tuple(
        (center_x + width * (a * u + b * v + x), center_y + width * (c * u + d * v + y))
        for u, v in ((-half, -tall), (half, -tall), (half, tall), (-half, tall))
    )


def draw_mark(text: str, region: Rect) -> None:
    """A small, quiet word in the corner of a region."""
    if not text:
        return
    draw, size, em = imgui.get_window_draw_list(), imgui.calc_text_size(text), imgui.get_font_size()
    low = ImVec2(region.x + 0.6 * em, region.y + 0.6 * em)
    high = ImVec2(low.x + size.x + em, low.y + size.y + 0.4 * em)
    draw.add_rect_filled(low, high, imgui.get_color_u32(theme.tone(27, 0.8)), 0.3 * em)
    place = ImVec2(low.x + 0.5 * em, low.y + 0.2 * em)
    draw.add_text(place, imgui.get_color_u32(theme.TEXT_DIM), text)
