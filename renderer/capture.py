"""Second stage: ws → activation of a layer, by forward hooks on the synthesis submodules.

Every 4-D output of every submodule counts, under its checkpoint name and in execution order.
The run stops at the captured layer, and between layers when `should_stop` says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

import networks
from networks.stop import Route, Stop
from renderer.errors import RenderError, Superseded
from renderer.latents import latent_average
from renderer.layer_band import OUTPUT, with_band
from renderer.messages import LayerInfo, Matrix, SynthesisSpec
from renderer.trail import Walk, Waypoint


@dataclass(frozen=True)
class Capture:
    """What a run has seen."""

    activation: torch.Tensor  # [1, C, H, W]
    layers: tuple[LayerInfo, ...] | None  # all of them; None where the run stopped on the way


class _Captured(Exception):
    """The wanted layer is here; the rest of the network need not run."""


class _Recorder:
    """Sees the outputs of a run as they come."""

    def __init__(
        self,
        generator: networks.Generator,
        layer: str | None,
        should_stop: Callable[[], bool],
        walk: Walk | None,
    ) -> None:
        start = None if walk is None else walk.start
        self.layers: list[LayerInfo] = list(start.layers) if start else []
        self.captured: torch.Tensor | None = None
        self._generator = generator
        self._layer = layer
        self._should_stop = should_stop
        self._num_uses: dict[str, int] = dict(start.num_uses) if start else {}
        self._walk = walk
        self.is_paused = False  # another run of the same network is under way

    def see(self, module_name: str, outputs: Any) -> None:
        """Note the 4-D outputs of a module that has just run."""
        if isinstance(outputs, torch.Tensor):
            outputs = (outputs,)
        elif not isinstance(outputs, (tuple, list)):
            return
        pictures = [x for x in outputs if isinstance(x, torch.Tensor) and x.ndim == 4]
        for idx, x in enumerate(pictures):
            self._note(module_name if len(pictures) == 1 else f"{module_name}:{idx}", x)
        if self._asked_to_stop():
            raise Superseded

    @property
    def route(self) -> Route | None:
        """What the synthesis is told about the walk."""
        if self._walk is None:
            return None
        start = self._walk.start
        return Route(None if start is None else start.stop, self._pass_by)

    def _pass_by(self, stop: Stop) -> None:
        assert self._walk is not None
        if self._walk.wants(stop):
            self._walk.leave(Waypoint(stop, tuple(self.layers), dict(self._num_uses)))

    def _asked_to_stop(self) -> bool:
        # The answer may take the time to run the same network for something more urgent.
        self.is_paused = True
        try:
            return self._should_stop()
        finally:
            self.is_paused = False

    def _note(self, name: str, x: torch.Tensor) -> None:
        num_uses = self._num_uses[name] = self._num_uses.get(name, 0) + 1
        if num_uses > 1:
            name = f"{name}_{num_uses}"
        dtype = str(x.dtype).removeprefix("torch.")
        layer = LayerInfo(name, x.shape[1], x.shape[2], x.shape[3], dtype)
        self.layers.append(with_band(layer, self._generator))
        if name == self._layer and self.captured is None:
            self.captured = x


def list_layers(
    generator: networks.Generator, force_fp32: bool, should_stop: Callable[[], bool]
) -> tuple[LayerInfo, ...]:
    """Every capturable output, in execution order; runs the whole network once.

    Raises:
        Superseded: `should_stop` said so.
    """
    ws = latent_average(generator).expand(1, generator.num_ws, -1)
    spec = SynthesisSpec(force_fp32=force_fp32)
    layers = run_synthesis(generator, ws, spec, OUTPUT, should_stop).layers
    assert layers is not None
    return layers


def run_synthesis(
    generator: networks.Generator,
    ws: torch.Tensor,
    spec: SynthesisSpec,
    layer: str,
    should_stop: Callable[[], bool],
    to_the_end: bool = False,
    walk: Walk | None = None,
) -> Capture:
    """The activation of a layer, or the picture for "output".

    Args:
        to_the_end: do not stop at the layer, so as to see which others there are.
        walk: where to start, and what to remember for the next run; not with graphs.

    Raises:
        RenderError: the model has no such layer.
        Superseded: `should_stop` said so.
    """
    from renderer import graphs  # it needs this module

    if graphs.serves(ws, spec):
        return graphs.of(generator).run(ws, spec, layer)
    transform = spec.input_transform
    return run_once(generator, ws, spec, transform, layer, should_stop, to_the_end, walk)


def run_once(
    generator: networks.Generator,
    ws: torch.Tensor,
    spec: SynthesisSpec,
    input_transform: Matrix | None,
    layer: str,
    should_stop: Callable[[], bool],
    to_the_end: bool = False,
    walk: Walk | None = None,
) -> Capture:
    """The same, operation by operation; None takes the transform that the model has stored."""
    recorder = _Recorder(generator, layer, should_stop, walk)

    def see(module_name: str, outputs: Any) -> None:
        if recorder.is_paused:
            return
        recorder.see(module_name, outputs)
        if recorder.captured is not None and not to_the_end:
            raise _Captured

    try:
        with _hooks(generator, see):
            image: torch.Tensor = generator.synthesis(
                ws,
                noise_mode=spec.noise_mode,
                noise_seed=spec.noise_seed,
                force_fp32=spec.force_fp32,
                input_transform=input_transform,
                route=recorder.route,
            )
    except _Captured:
        assert recorder.captured is not None
        return Capture(recorder.captured, None)
    recorder.see(OUTPUT, image)
    if recorder.captured is None:
        raise RenderError(f"This model has no layer {layer!r}.")
    return Capture(recorder.captured, tuple(recorder.layers))


@contextmanager
def _hooks(generator: networks.Generator, see: Callable[[str, Any], None]) -> Iterator[None]:
    def hook(name: str) -> Callable[[Any, Any, Any], None]:
        return lambda _module, _inputs, outputs: see(name, outputs)

    handles = [
        module.register_forward_hook(hook(name))
        for name, module in generator.synthesis.named_modules()
        if name
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
