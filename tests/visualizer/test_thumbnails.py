"""Small pictures of the history."""

from __future__ import annotations

import numpy as np
import pytest

from renderer.state import LatentState, ViewState
from visualizer.thumbnails import CAPACITY, COLUMNS, THUMB_PX, Thumbnails, shrink


def state(number: int) -> ViewState:
    return ViewState(latent=LatentState(x=float(number)))


def cut(thumbnails: Thumbnails, of: ViewState) -> np.ndarray:
    corners = thumbnails.corners(of)
    assert corners is not None
    height, width = thumbnails.atlas.shape[:2]
    x, y = int(corners[0] * width), int(corners[1] * height)
    assert (corners[2] - corners[0]) * width == pytest.approx(THUMB_PX - 1)
    assert (corners[3] - corners[1]) * height == pytest.approx(THUMB_PX - 1)
    return thumbnails.atlas[y : y + THUMB_PX, x : x + THUMB_PX]


@pytest.mark.parametrize("shape", [(32, 32, 3), (128, 128, 3), (1024, 1024, 1), (148, 296, 3)])
def test_a_plain_picture_stays_plain(shape: tuple[int, ...]) -> None:
    small = shrink(np.full(shape, 90, np.uint8))
    assert small.shape == (THUMB_PX, THUMB_PX, 3)
    middle = small[THUMB_PX // 2]
    assert (middle == 90).all()


def test_halves_stay_where_they_are() -> None:
    picture = np.zeros((256, 256, 3), np.uint8)
    picture[:, 128:] = 200
    small = shrink(picture)
    assert (small[:, : THUMB_PX // 2 - 1] == 0).all()
    assert (small[:, THUMB_PX // 2 + 1 :] == 200).all()


def test_a_wide_picture_has_black_above_and_below() -> None:
    small = shrink(np.full((64, 128, 3), 255, np.uint8))
    assert (small[0] == 0).all()
    assert (small[-1] == 0).all()


def test_every_state_has_its_own_place_and_the_oldest_goes() -> None:
    thumbnails = Thumbnails()
    for number in range(CAPACITY + 1):
        thumbnails.take(state(number), np.full((16, 16, 3), number % 251, np.uint8))
        for early in {max(number - CAPACITY + 1, 0), number // 2 + number % 2, number}:
            assert (cut(thumbnails, state(early)) == early % 251).all()
    assert thumbnails.corners(state(0)) is None
    for number in (1, 2, 200, CAPACITY):
        assert (cut(thumbnails, state(number)) == number % 251).all()


def test_few_states_take_a_small_part_of_the_memory() -> None:
    thumbnails = Thumbnails()
    for number in range(COLUMNS + 1):
        thumbnails.take(state(number), np.zeros((16, 16, 3), np.uint8))
    assert len(thumbnails.atlas) == 2 * THUMB_PX
