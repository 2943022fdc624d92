"""Undo and redo."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

from renderer.state import LatentState, TransformState, TruncationState, ViewState
from visualizer.history import _NAMES, History, describe_change, paused

START = ViewState()


def at(x: float) -> ViewState:
    return replace(START, latent=LatentState(x=x))


def test_a_drag_is_one_step() -> None:
    history = History(START)
    for x in (0.1, 0.2, 0.3):
        history.record(at(x), gesture_open=True)
    history.record(at(0.3), gesture_open=False)
    history.record(at(5.0), gesture_open=False)
    assert history.undo_labels() == ["Latent", "Latent"]
    assert history.undo() == at(0.3)
    assert history.undo() == START
    assert history.undo() == START
    assert history.redo() == at(0.3)
    assert history.redo() == at(5.0)


def test_a_drag_that_comes_back_is_no_step() -> None:
    history = History(START)
    history.record(at(0.4), gesture_open=True)
    history.record(START, gesture_open=True)
    history.record(START, gesture_open=False)
    assert history.undo_labels() == []


def test_a_change_after_undo_forgets_the_redo_steps() -> None:
    history = History(START)
    history.record(at(1), gesture_open=False)
    history.undo()
    history.record(at(2), gesture_open=False)
    assert history.redo_labels() == []
    assert history.undo() == START


def test_an_animation_is_no_step_but_its_switch_is() -> None:
    history = History(START)
    moving = replace(START, latent=LatentState(animate=True))
    history.record(moving, gesture_open=False)
    for x in (0.1, 0.2):
        state = replace(START, latent=LatentState(x=x, animate=True))
        history.amend(state)
        history.record(state, gesture_open=False)
    assert history.undo_labels() == ["Latent animation"]
    assert history.undo() == START


def test_undo_never_starts_an_animation() -> None:
    history = History(replace(START, latent=LatentState(animate=True)))
    history.record(replace(history.state, force_fp32=True), gesture_open=False)
    assert history.undo().latent.animate is False


def test_steps_are_named_by_what_changed() -> None:
    psi = replace(START, truncation=TruncationState(psi=0.5))
    assert describe_change(START, psi) == "Truncation psi"
    moved = replace(psi, transform=TransformState(x=0.1, y=0.2))
    assert describe_change(psi, moved) == "Translate"
    assert describe_change(START, moved) == "Truncation psi, Translate"
    assert describe_change(START, replace(START, model="other.pkl")) == "Model"


def test_paused_stops_every_animation_and_nothing_else() -> None:
    state = replace(START, transform=TransformState(x=0.1, animate_rotation=True))
    assert paused(state) == replace(START, transform=TransformState(x=0.1))


def test_every_part_of_the_state_has_a_name_in_the_history() -> None:
    assert set(_NAMES) == {field.name for field in dataclasses.fields(ViewState)}
