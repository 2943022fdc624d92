"""Geometry of the viewport."""

from __future__ import annotations

import pytest

from visualizer import camera as cam
from visualizer.camera import Camera, Rect

REGION = Rect(300, 50, 700, 600)


def test_fit_shows_the_whole_picture_as_large_as_possible() -> None:
    rect = cam.place(Camera(), REGION, (256, 128))
    assert (rect.width, rect.height) == (700, 350)
    assert rect.center == REGION.center


def test_one_to_one_covers_one_physical_pixel_each_on_a_dense_display() -> None:
    rect = cam.place(Camera(zoom=1.0), REGION, (256, 128), scale=2.0)
    assert (rect.width, rect.height) == (128, 64)


@pytest.mark.parametrize("steps", [1, -1, 3, -4])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_zooming_keeps_the_point_under_the_cursor(steps: int, scale: float) -> None:
    start = Camera(zoom=3.0, pan_x=40, pan_y=-25)
    cursor = (520.0, 300.0)
    before = cam.place(start, REGION, (256, 256), scale)
    after = cam.place(
        cam.zoom_about(start, REGION, (256, 256), cursor, steps, scale), REGION, (256, 256), scale
    )
    assert after.width != before.width
    for low, size, low2, size2, at in (
        (before.x, before.width, after.x, after.width, cursor[0]),
        (before.y, before.height, after.y, after.height, cursor[1]),
    ):
        # the corner lies on a whole pixel, so the point moves by half a pixel at most
        assert low2 + (at - low) / size * size2 == pytest.approx(at, abs=1 + 1e-6)


def test_the_wheel_passes_whole_zooms() -> None:
    assert cam.next_stop(4.61, 1) == 5
    assert cam.next_stop(5, -1) == 4
    assert cam.next_stop(1, 2) == 2
    assert cam.next_stop(64, 1) == 64


def test_panning_keeps_the_zoom_in_use_and_moves_by_the_mouse() -> None:
    moved = cam.pan_by(Camera(), REGION, (100, 100), (7, -3))
    before, after = cam.place(Camera(), REGION, (100, 100)), cam.place(moved, REGION, (100, 100))
    assert moved.zoom == 6.0
    assert (after.x - before.x, after.y - before.y) == (7, -3)


def test_angles_grow_counter_clockwise_on_the_screen() -> None:
    assert cam.angle_turns((0, 0), (1, 0)) == 0
    assert cam.angle_turns((0, 0), (0, -1)) == 0.25  # up, as y points down
    assert cam.wrap_turns(0.9) == pytest.approx(-0.1)


def test_only_whole_magnifications_are_exact() -> None:
    assert cam.is_exact(1.0)
    assert cam.is_exact(5.0)
    assert not cam.is_exact(4.76)
    assert not cam.is_exact(0.5)


def test_another_picture_keeps_its_proportions_in_the_place_of_this_one() -> None:
    picture = Rect(10.0, 20.0, 300.0, 300.0)
    assert cam.matched(picture, 1, (84, 84), 1) == picture
    assert cam.matched(picture, 1, (168, 84), 2) == Rect(10.0, 20.0, 600.0, 300.0)
    assert cam.matched(picture, 1, (50, 100), 1) == Rect(85.0, 20.0, 150.0, 300.0)
    with_spectrum = Rect(10.0, 20.0, 600.0, 300.0)
    assert cam.matched(with_spectrum, 2, (84, 84), 1) == picture
    assert cam.matched(with_spectrum, 2, (168, 84), 2) == with_spectrum
