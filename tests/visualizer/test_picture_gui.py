"""The picture in the window: where it stands, what is around it, and when it comes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from imgui_bundle import imgui
from OpenGL import GL

from renderer.state import TransformState
from visualizer import pace, theme
from visualizer.camera import Camera
from visualizer.texture import PictureTexture, needed_level

pytestmark = pytest.mark.gui


def move(robot: Any) -> None:
    latent = robot.app.state.latent
    robot.app.state = replace(robot.app.state, latent=replace(latent, x=latent.x + 0.5))


def picture_of(robot: Any, shot: np.ndarray) -> np.ndarray:
    place = robot.window.viewport.picture
    x, y = int(place.x), int(place.y)
    return shot[y : y + int(place.height), x : x + int(place.width)]


def test_a_fast_picture_is_drawn_in_the_frame_of_its_input(
    robot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "HOLD_SEC", 20.0)  # however busy the machine is
    before = picture_of(robot, robot.screenshot())
    move(robot)
    after = picture_of(robot, robot.screenshot())  # draws one frame
    assert robot.app.is_current
    assert not np.array_equal(after, before)
    robot.settle()
    np.testing.assert_array_equal(picture_of(robot, robot.screenshot()), after)


def test_a_picture_of_another_size_waits_for_its_place(
    robot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "HOLD_SEC", 20.0)
    latencies = robot.app.timings.latency_ms
    spectrum = replace(robot.app.state.spectrum, show=True)
    robot.app.state = replace(robot.app.state, spectrum=spectrum)
    latencies.clear()
    robot.frame()
    assert robot.app.is_current
    assert robot.app.fresh_pixels
    assert not latencies, "what is not drawn is not on the screen"
    robot.frame()
    assert not robot.app.fresh_pixels
    assert len(latencies) == 1


def test_the_grounds_have_their_colors(robot: Any) -> None:
    shot = robot.screenshot()
    region = robot.window.viewport.region
    columns = [imgui.internal.find_window_by_name(name) for name in ("Controls", "Analysis")]
    places = {
        "around the picture": (region.x + 2, region.y + 2, theme.grey(24)),
        "beside the buttons": (region.x + region.width - 4, region.y - 6, theme.PANEL),
        **{c.name: (c.pos.x + c.size.x / 2, c.pos.y + 3, theme.PANEL) for c in columns},
    }
    for what, (x, y, color) in places.items():
        assert shot[int(y), int(x)].tolist() == [round(color.x * 255)] * 3, what


# --- the texture ---------------------------------------------------------------------------


@pytest.fixture
def texture(robot: Any) -> Iterator[PictureTexture]:
    """A texture in the window's context."""
    made = PictureTexture()
    yield made
    made.delete()


def level_of(texture: PictureTexture, level: int, height: int, width: int) -> np.ndarray:
    """What OpenGL holds, uint8 [height, width, 3]."""
    GL.glBindTexture(GL.GL_TEXTURE_2D, texture.texture_id)
    GL.glPixelStorei(GL.GL_PACK_ALIGNMENT, 1)
    data = GL.glGetTexImage(GL.GL_TEXTURE_2D, level, GL.GL_RGB, GL.GL_UNSIGNED_BYTE)
    GL.glBindTexture(GL.GL_TEXTURE_2D, 0)
    return np.frombuffer(data, np.uint8).reshape(height, width, 3)


def test_a_texture_holds_what_the_zoom_needs(texture: PictureTexture) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (37, 54, 3), np.uint8)
    texture.upload(pixels)
    texture.prepare(0.7, exact=False)
    np.testing.assert_array_equal(level_of(texture, 0, 37, 54), pixels)
    texture.prepare(0.4, exact=False)
    halves = pixels[:36].reshape(18, 2, 27, 2, 3).mean((1, 3))
    np.testing.assert_allclose(level_of(texture, 1, 18, 27), halves, atol=0.75)
    later = pixels[::-1]
    texture.upload(later)
    texture.prepare(0.2, exact=False)
    quarters = later[:36, :52].reshape(9, 4, 13, 4, 3).mean((1, 3))
    np.testing.assert_allclose(level_of(texture, 2, 9, 13), quarters, atol=1.5)
    np.testing.assert_array_equal(level_of(texture, 0, 37, 54), pixels)  # nobody looks at it
    texture.prepare(1.0, exact=True)
    np.testing.assert_array_equal(level_of(texture, 0, 37, 54), later)


@pytest.mark.parametrize(
    ("zoom", "level"), [(8.0, 0), (1.0, 0), (0.99, 0), (0.5, 1), (0.3, 1), (0.25, 2), (1e-3, 5)]
)
def test_the_level_of_a_zoom(zoom: float, level: int) -> None:
    assert needed_level(zoom, 64, 37) == level


@pytest.mark.parametrize(("zoom", "is_exact"), [(2.0, True), (8.0, True), (7.5, False)])
def test_whole_magnifications_show_exact_pixels(robot: Any, zoom: float, is_exact: bool) -> None:
    picture = robot.settle()
    robot.window.viewport.camera = Camera(zoom=zoom)
    robot.frame()
    shot, place = robot.screenshot(), robot.window.viewport.picture
    middle = picture.shape[0] // 2
    rows, columns = np.mgrid[0:40, 0:40]
    top, left = (round(start + middle * zoom) for start in (place.y, place.x))
    seen = shot[top : top + 40, left : left + 40].astype(int)
    cells = middle + rows // zoom, middle + columns // zoom
    expected = picture[cells[0].astype(int), cells[1].astype(int)]
    assert (np.abs(seen - expected).max() <= 1) == is_exact


@pytest.mark.parametrize("zoom", [3.0, 0.6, 0.3, 0.1])
def test_the_picture_has_its_colors_at_every_zoom(robot: Any, zoom: float) -> None:
    robot.window.viewport.camera = Camera(zoom=zoom)
    robot.frame()
    shot = picture_of(robot, robot.screenshot())
    place, pixels = robot.window.viewport.picture, robot.app.pixels
    assert place.width == pytest.approx(pixels.shape[1] * zoom)
    np.testing.assert_allclose(shot.mean((0, 1)), pixels.mean((0, 1)), atol=8)


# --- while a picture takes long --------------------------------------------------------------


@pytest.fixture
def stopped(robot: Any) -> Iterator[Callable[[], None]]:
    """Stops the renderer where it is; it goes on when the test ends, or when called again."""
    pid = robot.app.status.pid
    signals = iter((signal.SIGSTOP, signal.SIGCONT))
    yield lambda: os.kill(pid, next(signals))
    os.kill(pid, signal.SIGCONT)
    robot.settle()


def translate(robot: Any, x: float) -> None:
    robot.app.state = replace(robot.app.state, transform=TransformState(x=x))


def test_a_moved_last_picture_stands_in_until_the_true_one_comes(
    robot: Any, stopped: Callable[[], None]
) -> None:
    viewport = robot.window.viewport
    before = picture_of(robot, robot.screenshot()).astype(int)
    stopped()
    step = 60
    translate(robot, step / viewport.picture.width)
    robot.wait(lambda: viewport.stand_in.change, "the moved picture")
    moved = picture_of(robot, robot.screenshot()).astype(int)
    surround = round(theme.grey(24).x * 255)
    assert (moved[60:, : step - 1] == surround).all()  # the mark is above
    away = np.abs(moved[60:, step:] - before[60:, :-step])
    assert away.max() <= 3
    outside = robot.screenshot()[:, int(viewport.picture.x + viewport.picture.width) + 1]
    assert (outside[viewport.picture.y.__ceil__() : -60] == surround).all()
    stopped()
    robot.settle()
    robot.frame()
    assert viewport.stand_in.change is None
    assert viewport.stand_in.text == ""


@pytest.mark.parametrize(
    "transform",
    [TransformState(x=0.1, y=-0.05), TransformState(angle_turns=0.04)],
    ids=["translated", "rotated"],
)
def test_the_stand_in_is_where_the_true_picture_will_be(
    robot: Any, stopped: Callable[[], None], transform: TransformState
) -> None:
    viewport = robot.window.viewport
    before = picture_of(robot, robot.screenshot()).astype(int)
    stopped()
    robot.app.state = replace(robot.app.state, transform=transform)
    robot.wait(lambda: viewport.stand_in.change, "the moved picture")
    moved = picture_of(robot, robot.screenshot()).astype(int)
    stopped()
    robot.settle()
    true = picture_of(robot, robot.screenshot()).astype(int)
    inner = slice(150, -150)  # what no margin has come into
    unmoved_error = np.abs(before - true)[inner, inner].mean()
    assert np.abs(moved - true)[inner, inner].mean() < unmoved_error / 4


def test_a_saved_window_shows_the_true_picture_only(
    robot: Any, stopped: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[np.ndarray] = []
    actions, viewport = robot.window.actions, robot.window.viewport
    monkeypatch.setattr(actions, "take_window_capture", saved.append)
    before = picture_of(robot, robot.screenshot())
    stopped()
    translate(robot, 0.2)
    robot.wait(lambda: viewport.stand_in.change, "the moved picture")
    actions.request_window_capture()
    robot.wait(lambda: saved, "the capture")
    np.testing.assert_array_equal(picture_of(robot, saved[0]), before)
