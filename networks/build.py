"""From a design and stored tensors to a generator."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.utils._device  # else the first `with torch.device` would import it, in mid-file
from torch import Tensor

from networks.errors import CheckpointError
from networks.generator import Generator
from networks.stylegan2 import StyleGAN2
from networks.stylegan2_design import StyleGAN2Design
from networks.stylegan3 import StyleGAN3
from networks.stylegan3_design import StyleGAN3Design


@dataclass(frozen=True)
class StoredTensor:
    """What a file says about one tensor."""

    shape: tuple[int, ...]
    dtype: str  # such as "float32"

    @property
    def num_elements(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True)
class StoredGenerator:
    """A generator in a file: what it consists of, and how to get its numbers."""

    format: str  # for a person
    design: Any
    tensors: Mapping[str, StoredTensor]
    read: Callable[[str], Tensor]  # one stored tensor as contiguous float32
    network: str = ""  # which of the file's networks this is, such as "G_ema"
    others: tuple[str, ...] = ()  # what else the file holds
    training: dict[str, Any] = field(default_factory=dict)  # what the file tells of its training
    untrained: bool = False
    provenance: Mapping[str, str] = field(default_factory=dict)  # see `save_generator`

    def build(self) -> Generator:
        """Ready to run.

        Raises:
            CheckpointError: the tensors are not those of the design.
        """
        shapes = {name: tensor.shape for name, tensor in self.tensors.items()}
        generator = build_generator(self.design, shapes, self.read)
        generator.untrained = self.untrained
        generator.provenance = dict(self.provenance)
        return generator


def build_empty(design: object) -> Generator:
    """The modules of a design, without memory for their values."""
    with torch.device("meta"):
        if isinstance(design, StyleGAN3Design):
            return StyleGAN3(design, seed=None)
        if isinstance(design, StyleGAN2Design):
            return StyleGAN2(design, seed=None)
    raise TypeError(f"no architecture for a {type(design).__name__}")


def build_generator(
    design: object, shapes: Mapping[str, tuple[int, ...]], read: Callable[[str], Tensor]
) -> Generator:
    """A generator, ready to run.

    Args:
        design: what it consists of.
        shapes: of every stored tensor, by name.
        read: gives one stored tensor as contiguous float32.

    Raises:
        CheckpointError: the tensors are not those of the design.
    """
    generator = check_tensors(design, shapes)
    state = {
        name: read(name) if name in shapes else torch.zeros(value.shape)
        for name, value in generator.state_dict().items()
    }
    generator.load_state_dict(state, assign=True)
    return generator.requires_grad_(False).eval()


def check_tensors(design: object, shapes: Mapping[str, tuple[int, ...]]) -> Generator:
    """The empty modules of a design, all of whose tensors are there.

    Raises:
        CheckpointError: the tensors are not those of the design.
    """
    generator = build_empty(design)
    expected = {name: tuple(value.shape) for name, value in generator.state_dict().items()}
    # A generator that was not to be truncated has no mean w.
    stored = {"mapping.w_avg": expected["mapping.w_avg"], **shapes}
    _compare(expected, stored)
    return generator


def _compare(
    expected: Mapping[str, tuple[int, ...]], stored: Mapping[str, tuple[int, ...]]
) -> None:
    for name, shape in expected.items():
        if name not in stored:
            raise CheckpointError(f"it has no tensor {name!r}: it is incomplete")
        if stored[name] != shape:
            raise CheckpointError(f"its {name!r} has shape {stored[name]}, expected {shape}")
    for name in stored:
        if name not in expected:
            raise CheckpointError(
                f"it has a tensor {name[:80]!r} that this architecture does not have; "
                "it may come from a modified program"
            )
