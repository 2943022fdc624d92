"""Choosing a layer and its channels."""

from __future__ import annotations

from renderer.messages import LayerInfo
from renderer.state import LayerState
from visualizer.layer_choice import (
    describe_size,
    num_shown,
    shown_layer,
    step_channel,
    step_layer,
)

LAYERS = (
    LayerInfo("input", 64, 36, 36, "float32"),
    LayerInfo("L0_36_8", 8, 36, 36, "float32"),
    LayerInfo("two", 2, 16, 8, "float16"),
    LayerInfo("output", 3, 16, 16, "float32"),
)


def test_a_missing_layer_shows_the_picture() -> None:
    assert shown_layer(LAYERS, "L0_36_8") is LAYERS[1]
    assert shown_layer(LAYERS, "b64.conv0") is LAYERS[-1]
    assert shown_layer(LAYERS, None) is LAYERS[-1]


def test_fewer_than_three_channels_are_shown_one_by_one() -> None:
    assert [num_shown(LayerState(rgb=True), info) for info in LAYERS] == [3, 3, 1, 3]
    assert {num_shown(LayerState(rgb=False), info) for info in LAYERS} == {1}


def test_channels_step_within_the_layer() -> None:
    info = LAYERS[1]
    one, three = LayerState(rgb=False), LayerState(rgb=True)
    assert step_channel(one, info, -1).base_channel == 0
    assert step_channel(one, info, 100).base_channel == 7
    assert step_channel(three, info, 100).base_channel == 5
    beyond = LayerState(rgb=False, base_channel=500)  # of a larger layer
    assert step_channel(beyond, info, -1).base_channel == 6


def test_layers_step_along_the_list_and_the_picture_has_no_name() -> None:
    last = LayerState()
    assert step_layer(last, LAYERS, -1).name == "two"
    assert step_layer(last, LAYERS, 1).name is None
    assert step_layer(LayerState("two"), LAYERS, 1).name is None
    assert step_layer(LayerState("two"), LAYERS, -9).name == "input"
    assert step_layer(LayerState("of another model"), LAYERS, -1).name == "two"


def test_sizes_read_well() -> None:
    assert describe_size(LAYERS[0]) == "36²"
    assert describe_size(LAYERS[2]) == "16×8"
