"""The state as a value: what it asks for, and that JSON brings it back or says why not."""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer import state
from renderer.messages import IDENTITY
from renderer.state import StateError, ViewState, state_from_json, state_to_json


def changed(path: str, value: object) -> str:
    """The JSON of the default state with one value replaced."""
    data: dict[str, Any] = json.loads(state_to_json(ViewState()))
    place = data
    *parents, last = path.split(".")
    for parent in parents:
        place = place[parent]
    place[last] = value
    return json.dumps(data)


def test_json_brings_the_state_back() -> None:
    original = replace(
        ViewState(model="/a b/Ü.pkl"),
        mix=state.StyleMixState(seed=7, rows=(0, 3)),
        transform=state.TransformState(x=0.1, angle_turns=-0.3),
        label=state.LabelState(class_idx=2),
        layer=state.LayerState(name="L3_36_24"),
    )
    assert state_from_json(state_to_json(original)) == original


def test_missing_values_take_their_defaults() -> None:
    assert state_from_json('{"schema": 1}') == ViewState()


def test_every_number_has_a_range_that_holds_its_default() -> None:
    numbers = set()
    for group in dataclasses.fields(ViewState):
        default = getattr(ViewState(), group.name)
        if dataclasses.is_dataclass(default):
            for field in dataclasses.fields(default):
                if "int" in str(field.type) or "float" in str(field.type):
                    numbers.add(f"{group.name}.{field.name}")
    assert numbers == set(state.RANGES)
    assert state.check_state(ViewState()) == ViewState()


@pytest.mark.parametrize("path", sorted(set(state.RANGES) - {"mix.rows"}))
@pytest.mark.parametrize("value", [10**400, -(10**400), math.nan, math.inf, "7", True, [], 1e10])
def test_a_number_that_makes_no_sense_is_one_sentence(path: str, value: object) -> None:
    if path.endswith("seed") and value == 1e10:
        value = 2**32
    with pytest.raises(StateError, match=rf"^state\.{path} is .{{1,100}}, expected [^\n]+$"):
        state_from_json(changed(path, value))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("1" * 10_000, "not JSON"),
        ("[1]", "expected an object"),
        ("{}", "schema None"),
        ('{"schema": true}', "schema True"),
        ('{"schema": 2}', "schema 2"),
        ('{"schema": 1, "schema": 1}', "twice"),
        ('{"schema": 1, "colour": 3}', "unknown keys: 'colour'"),
        ('{"schema": 1, "latent": 3}', r"state\.latent is 3"),
        (changed("mix.rows", [2, 2]), "ascending"),
        (changed("comparison.mode", "C"), "one of: A, B, Side by side"),
        (changed("comparison.follows", ["Latent", 3]), "one of: Latent, Transform, Layer"),
        (changed("comparison.pinned", {"latent": {"x": "4"}}), r"comparison\.pinned\.latent\.x"),
        (changed("comparison.pinned", {"comparison": {}}), "unknown keys: 'comparison'"),
        (changed("comparison.pinned", {"mix": {"rows": [2, 2]}}), "ascending"),
        (changed("mix.rows", [3, 2]), "ascending"),
        (changed("mix.rows", [-1]), r"state\.mix\.rows is -1"),
        (changed("mix.rows", "12"), "expected a list"),
        (changed("model", None), "expected str"),
        (changed("force_fp32", 1), "expected bool"),
        (changed("truncation.cutoff", 1.0), "expected a whole number"),
        (changed("layer.name", 5), "expected str"),
    ],
)
def test_a_state_that_cannot_be_read_says_why(text: str, words: str) -> None:
    with pytest.raises(StateError, match=words):
        state_from_json(text)


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_lattice_weights_sum_to_one(x: float, y: float) -> None:
    corners = state.lattice_seeds(x, y)
    assert sum(weight for _, weight in corners) == pytest.approx(1)
    assert all(0 <= seed <= state.MAX_SEED and 0 < weight <= 1 for seed, weight in corners)


def test_lattice_corners_as_in_the_golden_cases() -> None:
    corners = dict(state.lattice_seeds(1.428, -0.654))
    assert set(corners) == {4294967197, 4294967198, 1, 2}
    assert corners[1] == pytest.approx(0.197912)
    assert state.seed_at(1.428, -0.654) == 4294967197


def test_what_has_no_effect_does_not_change_the_request() -> None:
    base = state.to_request(ViewState())
    animated = replace(ViewState(), latent=state.LatentState(animate=True, speed=3.0))
    assert state.to_request(animated) == base
    unmixed = replace(ViewState(), mix=state.StyleMixState(seed=5))
    assert state.to_request(unmixed) == base


def test_turns_are_counter_clockwise_and_exact_in_quarters() -> None:
    assert state.transform_matrix(0, 0, 0) == IDENTITY
    assert state.transform_matrix(0.5, 0, 0.25) == ((0, 1, 0.5), (-1, 0, 0), (0, 0, 1))
    (cos, sin, _), _, _ = state.transform_matrix(0, 0, 0.1)
    assert (cos, sin) == (math.cos(math.tau * 0.1), math.sin(math.tau * 0.1))


def test_noise_is_stored_random_or_off() -> None:
    for noise, mode in (
        (state.NoiseState(), ("const", 0)),
        (state.NoiseState(seed=9), ("random", 9)),
        (state.NoiseState(enabled=False, seed=9), ("none", 0)),
    ):
        synthesis = state.to_view(replace(ViewState(), noise=noise)).synthesis
        assert (synthesis.noise_mode, synthesis.noise_seed) == mode
