"""Second stage on a GPU: the network as CUDA graphs, one for each layer that is looked at.

Latents and transform are what changes from frame to frame; everything else is static.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch

import networks
from cuda_ext.cuda_graph import GraphBackend, GraphedFunction
from networks.fourier import SynthesisInput, inverse_transform
from renderer.capture import Capture, run_once
from renderer.messages import IDENTITY, SynthesisSpec

_graphs: weakref.WeakKeyDictionary[networks.Generator, SynthesisGraphs] = (
    weakref.WeakKeyDictionary()
)


class SynthesisGraphs:
    """The graphs of one generator."""

    def __init__(self, generator: networks.Generator, backend: GraphBackend | None = None) -> None:
        self._generator = weakref.ref(generator)  # as this object belongs to it
        self._graphed = GraphedFunction(self._run, backend)

    @property
    def problem(self) -> str | None:
        """One sentence when there are no graphs and operations are started one by one."""
        return self._graphed.problem

    def run(self, ws: torch.Tensor, spec: SynthesisSpec, layer: str) -> Capture:
        """The activation of a layer, or the picture for "output".

        Raises:
            RenderError: the model has no such layer.
        """
        transform = inverse_transform(spec.input_transform).to(ws.device)
        static = replace(spec, input_transform=IDENTITY)
        return Capture(*self._graphed(ws, transform, spec=static, layer=layer))

    def _run(
        self, ws: torch.Tensor, transform: torch.Tensor, spec: SynthesisSpec, layer: str
    ) -> tuple[Any, ...]:
        generator = self._generator()
        assert generator is not None
        with _stored_transform(generator, transform):
            capture = run_once(generator, ws, spec, None, layer, lambda: False)
        return capture.activation, capture.layers


def serves(ws: torch.Tensor, spec: SynthesisSpec) -> bool:
    """Whether a run can be repeated as a graph; random noise is drawn on the CPU each time."""
    return ws.is_cuda and spec.noise_mode != "random"


def of(generator: networks.Generator) -> SynthesisGraphs:
    """The graphs of a generator, which live as long as it does."""
    if generator not in _graphs:
        _graphs[generator] = SynthesisGraphs(generator)
    return _graphs[generator]


@contextmanager
def _stored_transform(generator: networks.Generator, transform: torch.Tensor) -> Iterator[None]:
    """Lets the model's input read the inverse transform [3, 3] from the memory of `transform`."""
    inputs = [m for m in generator.synthesis.modules() if isinstance(m, SynthesisInput)]
    stored = [module.transform for module in inputs]
    for module in inputs:
        module.transform = transform
    try:
        yield
    finally:
        for module, own in zip(inputs, stored, strict=True):
            module.transform = own
