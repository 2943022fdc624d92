"""Choosing a layer and its channels: what the Layers panel and the keys share."""

from __future__ import annotations

from dataclasses import replace

from renderer.messages import LayerInfo
from renderer.state import LayerState

OUTPUT = "output"  # the last layer: the picture


def find_layer(layers: tuple[LayerInfo, ...], name: str) -> LayerInfo | None:
    """The layer of this name, if the model has it."""
    return next((info for info in layers if info.name == name), None)


def shown_layer(layers: tuple[LayerInfo, ...], name: str | None) -> LayerInfo:
    """The layer that a choice shows: the picture where the model does not have it."""
    found = find_layer(layers, name) if name is not None else None
    return found or layers[-1]


def num_shown(layer: LayerState, info: LayerInfo) -> int:
    """How many channels are shown: one where there are fewer than three."""
    return 3 if layer.rgb and info.channels >= 3 else 1


def step_channel(layer: LayerState, info: LayerInfo, step: int) -> LayerState:
    """The choice with its base channel moved on, within the layer."""
    last = info.channels - num_shown(layer, info)
    base = min(max(layer.base_channel, 0), last)
    return replace(layer, base_channel=min(max(base + step, 0), last))


def step_layer(layer: LayerState, layers: tuple[LayerInfo, ...], step: int) -> LayerState:
    """The choice moved along the list."""
    names = [info.name for info in layers]
    idx = names.index(shown_layer(layers, layer.name).name) + step
    name = names[min(max(idx, 0), len(names) - 1)]
    return replace(layer, name=None if name == OUTPUT else name)


def describe_size(info: LayerInfo) -> str:
    """Height × width, such as "148²"."""
    square = info.height == info.width
    return f"{info.height}²" if square else f"{info.height}×{info.width}"
