"""The stages of a view: latents → ws → activation of a layer → displayed tile.

Each stage is cached by the value of its inputs within a byte budget: changing gain, channel,
spectrum or un-transform never re-runs the network, and equal views share what they can.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from renderer.cache import ByteCache
from renderer.capture import OUTPUT, list_layers, run_synthesis
from renderer.display import Picture, display
from renderer.equivariance import untransform
from renderer.errors import RenderError
from renderer.latents import compute_ws, normalize_latents
from renderer.messages import IDENTITY, LayerInfo, Matrix, SynthesisSpec, View
from renderer.models import Model

BUDGET_BYTES = 512 << 20


@dataclass(frozen=True)
class RenderedView:
    """A finished tile, before it goes into shared memory."""

    view: View
    model: Model
    picture: Picture
    layers: tuple[LayerInfo, ...]


@dataclass
class Work:
    """What a frame cost; the caches show as work that is missing."""

    stage_ms: dict[str, float] = field(default_factory=dict)
    synthesis_runs: int = 0

    def add(self, stage: str, begin_sec: float) -> None:
        elapsed_ms = (time.perf_counter() - begin_sec) * 1000
        self.stage_ms[stage] = self.stage_ms.get(stage, 0.0) + elapsed_ms


def never() -> bool:
    """The `should_stop` of a render that runs to its end."""
    return False


class Pipeline:
    """Renders views of loaded models on one device."""

    def __init__(self, device: str, budget_bytes: int = BUDGET_BYTES) -> None:
        self._device = device
        self._cache = ByteCache(budget_bytes)

    def render(
        self, view: View, model: Model, work: Work, should_stop: Callable[[], bool] = never
    ) -> RenderedView:
        """Make the picture of a view.

        Raises:
            RenderError: the view asks for something that this model does not have.
            Superseded: `should_stop` said so between two layers.
        """
        with torch.inference_mode():
            layers = self._layers(view, model, work, should_stop)
            view = _existing_layer(view, layers)
            key = self._activation_key(view, model)
            picture_key = ("picture", key, view.display)
            picture: Picture | None = self._cache.get(picture_key)
            if picture is None:
                activation = self._shown_activation(view, model, key, work, should_stop)
                begin_sec = time.perf_counter()
                picture = display(activation[0], view.display)
                work.add("display", begin_sec)
                self._cache.put(picture_key, picture, picture.pixels.nbytes)
        return RenderedView(view, model, picture, layers)

    def _layers(
        self, view: View, model: Model, work: Work, should_stop: Callable[[], bool]
    ) -> tuple[LayerInfo, ...]:
        force_fp32 = view.synthesis.force_fp32
        key = ("layers", model.key, force_fp32)
        layers: tuple[LayerInfo, ...] | None = self._cache.get(key)
        if layers is None:
            begin_sec = time.perf_counter()
            layers = list_layers(model.generator, force_fp32, should_stop)
            work.add("layer list", begin_sec)
            self._cache.put(key, layers, 200 * len(layers))
        return layers

    def _activation_key(self, view: View, model: Model) -> tuple[object, ...]:
        latents = normalize_latents(view.latents, model.generator)
        synthesis = normalize_synthesis(view.synthesis, model)
        return (model.key, latents, synthesis, view.display.layer or OUTPUT)

    def _shown_activation(
        self,
        view: View,
        model: Model,
        key: tuple[object, ...],
        work: Work,
        should_stop: Callable[[], bool],
    ) -> torch.Tensor:
        """[1, C, H, W]: the layer, un-transformed where that is asked for."""
        activation = self._activation(view, model, key, work, should_stop)
        matrix = normalize_synthesis(view.synthesis, model).input_transform
        if not view.display.untransform or matrix == IDENTITY:
            return activation
        untransform_key = ("untransformed", key)
        result: torch.Tensor | None = self._cache.get(untransform_key)
        if result is None:
            begin_sec = time.perf_counter()
            result = untransform(activation.float(), matrix)
            work.add("untransform", begin_sec)
            self._cache.put(untransform_key, result, result.nbytes)
        return result

    def _activation(
        self,
        view: View,
        model: Model,
        key: tuple[object, ...],
        work: Work,
        should_stop: Callable[[], bool],
    ) -> torch.Tensor:
        activation: torch.Tensor | None = self._cache.get(("activation", key))
        if activation is None:
            ws = self._ws(view, model, work)
            begin_sec = time.perf_counter()
            activation = run_synthesis(
                model.generator,
                ws,
                normalize_synthesis(view.synthesis, model),
                view.display.layer or OUTPUT,
                should_stop,
            )
            work.synthesis_runs += 1
            work.add("synthesis", begin_sec)
            self._cache.put(("activation", key), activation, activation.nbytes)
        return activation

    def _ws(self, view: View, model: Model, work: Work) -> torch.Tensor:
        latents = normalize_latents(view.latents, model.generator)
        key = ("ws", model.key, latents)
        ws: torch.Tensor | None = self._cache.get(key)
        if ws is None:
            begin_sec = time.perf_counter()
            ws = compute_ws(model.generator, latents, self._device)
            work.add("mapping", begin_sec)
            self._cache.put(key, ws, ws.nbytes)
        return ws


def _existing_layer(view: View, layers: tuple[LayerInfo, ...]) -> View:
    """The view, of the picture where the layer is optional and this model does not have it."""
    name = view.display.layer
    missing = name not in [info.name for info in layers]
    if name is not None and missing and view.display.layer_or_output:
        return replace(view, display=replace(view.display, layer=None))
    return view


def normalize_synthesis(spec: SynthesisSpec, model: Model) -> SynthesisSpec:
    """The same activations under one name: what this model ignores is set to its default.

    Raises:
        RenderError: the transform cannot be undone.
    """
    has_noise, has_transform = model.info.has_noise, model.info.has_input_transform
    is_random = has_noise and spec.noise_mode == "random"
    matrix = IDENTITY
    if has_transform:
        matrix = _checked_transform(spec.input_transform)
        if spec.round_to_px:
            matrix = _rounded(matrix, model.info.img_resolution)
    return replace(
        spec,
        noise_mode=spec.noise_mode if has_noise else "const",
        noise_seed=spec.noise_seed if is_random else 0,
        input_transform=matrix,
        round_to_px=False,
    )


def _checked_transform(matrix: Matrix) -> Matrix:
    values = np.asarray(matrix, np.float64)
    if not np.isfinite(values).all() or abs(np.linalg.det(values)) < 1e-8:
        raise RenderError(
            "The transform squashes the picture to a line, so it cannot be inverted;"
            " choose another or reset it."
        )
    return matrix


def _rounded(matrix: Matrix, resolution: int) -> Matrix:
    (a, b, x), (c, d, y), last = matrix
    x, y = round(x * resolution) / resolution, round(y * resolution) / resolution
    return ((a, b, x), (c, d, y), last)
