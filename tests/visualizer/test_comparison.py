"""What is asked for when two pictures are compared, and what undo makes of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from renderer.messages import DifferenceSpec
from renderer.state import (
    CompareState,
    LatentState,
    LayerState,
    TransformState,
    ViewState,
    state_from_json,
    state_to_json,
    to_request,
    to_view,
)
from renderer.viridis import colored
from visualizer.comparison import (
    MODES,
    alone,
    b_state,
    extend,
    flip,
    pin,
    swap,
    toggle_part,
    unpin,
)
from visualizer.difference_legend import VIRIDIS, Legend, legend_of
from visualizer.history import History
from visualizer.thumbnails import Thumbnails

A = ViewState("a.pkl", LatentState(x=4.0), transform=TransformState(x=0.25))
B = ViewState("b.pkl", LatentState(x=9.0), layer=LayerState("L3_52_64"))
BOTH = replace(A, comparison=CompareState(B))


def compared(**changes: object) -> ViewState:
    return replace(A, comparison=replace(BOTH.comparison, **changes))  # type: ignore[arg-type]


def test_without_a_pinned_picture_nothing_else_is_asked() -> None:
    for mode in MODES:
        state = replace(A, comparison=CompareState(mode=mode))
        assert extend(to_request(state), state) == to_request(A)


def test_both_views_are_one_request() -> None:
    state = compared(mode="Wipe")
    request = extend(to_request(state), state)
    assert request.views == (to_view(A), to_view(B, "b"))
    assert request.difference is None


def test_looking_at_a_alone_does_not_render_b() -> None:
    assert extend(to_request(BOTH), BOTH) == to_request(A)


def test_a_difference_is_asked_for_only_while_it_is_shown() -> None:
    for mode in MODES[1:]:
        state = compared(mode=mode, kind="squared", gain_db=20.0)
        spec = DifferenceSpec(kind="squared", gain_db=20.0)
        request = extend(to_request(state), state)
        assert request.difference == (spec if mode == "Difference" else None)


def test_b_follows_in_the_parts_chosen() -> None:
    state = toggle_part(toggle_part(BOTH, "Transform"), "Latent")
    assert state.comparison.follows == ("Latent", "Transform")
    assert b_state(state) == replace(A, model="b.pkl", layer=B.layer)
    moved = replace(state, latent=LatentState(x=5.0))
    assert b_state(moved).latent.x == 5.0
    assert b_state(toggle_part(toggle_part(state, "Latent"), "Transform")) == B


def test_flip_goes_between_both() -> None:
    state, modes = BOTH, []
    for _ in range(3):
        state = flip(state)
        modes.append(state.comparison.mode)
    assert modes == ["B", "A", "B"]
    assert unpin(state).comparison.pinned is None


def test_what_is_pinned_compares_with_nothing_and_stands_still() -> None:
    moving = replace(BOTH, latent=LatentState(animate=True))
    pinned = pin(pin(moving)).comparison.pinned
    assert pinned == replace(A, latent=LatentState())


def test_swapping_twice_changes_nothing() -> None:
    assert alone(swap(BOTH)) == B
    assert swap(BOTH).comparison.pinned == A
    assert swap(swap(BOTH)) == BOTH


def test_pinning_and_swapping_can_be_undone_and_looking_is_no_step() -> None:
    history = History(A)
    for state in (pin(A, "Side by side"), swap(BOTH)):
        history.record(state, gesture_open=False)
    for mode in MODES:
        look = replace(history.state.comparison, mode=mode, wipe=0.1, blink_hz=3.0)
        history.record(replace(history.state, comparison=look), gesture_open=False)
    assert len(history.undo_labels()) == 2
    back = history.undo()
    assert (alone(back), back.comparison.pinned) == (A, A)
    assert (back.comparison.mode, back.comparison.wipe) == (MODES[-1], 0.1)
    history.record(replace(back, comparison=replace(back.comparison, mode="A")), False)
    assert alone(history.redo()) == B
    history.undo()
    assert history.undo().comparison.pinned is None
    assert len(history.redo_labels()) == 2


def test_a_comparison_comes_back_from_json() -> None:
    state = compared(follows=("Layer",), mode="Blink", wipe=0.2, blink_hz=4.0, kind="absolute")
    assert state_from_json(state_to_json(state)) == state


def test_a_picture_is_small_once_whatever_it_is_compared_with() -> None:
    thumbnails = Thumbnails()
    thumbnails.take(BOTH, np.zeros((4, 4, 3), np.uint8))
    assert A in thumbnails
    assert thumbnails.corners(compared(mode="B")) == thumbnails.corners(A)


@pytest.mark.parametrize(
    ("changes", "legend"),
    [
        ({}, Legend(-1.0, 1.0, "raw", False)),
        ({"gain_db": 20.0}, Legend(-0.1, 0.1, "raw", False)),
        ({"gain_db": 20.0, "kind": "absolute"}, Legend(0.0, 0.1, "raw", False)),
        ({"gain_db": 20.0, "kind": "squared"}, Legend(0.0, 0.1**2, "raw²", False)),
        ({"in_colors": True}, Legend(-1.0, 1.0, "raw", True)),
    ],
)
def test_the_legend_says_which_values_are_at_its_ends(
    changes: dict[str, object], legend: Legend
) -> None:
    found = legend_of(compared(**changes).comparison)
    assert (found.unit, found.in_colors) == (legend.unit, legend.in_colors)
    assert (found.low, found.high) == pytest.approx((legend.low, legend.high))


def test_the_legend_has_the_colours_of_the_picture() -> None:
    last = len(VIRIDIS) - 1
    pixels = colored(torch.linspace(0, 1, last + 1)[None])[0]
    assert np.abs(pixels.numpy().astype(int) - VIRIDIS).max() <= 2
