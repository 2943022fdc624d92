"""What is in a checkpoint, found without building its generator."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from networks.build import StoredTensor, check_tensors
from networks.checkpoint import explained, read_stored
from networks.errors import one_line
from networks.source import open_source

MAX_VALUES = 40  # of the training arguments that are shown


@dataclass(frozen=True)
class Description:
    """A checkpoint in numbers and words."""

    path: str
    file_bytes: int
    sha256: str
    format: str
    network: str  # which of the file's networks is used
    other_networks: tuple[str, ...]
    family: str
    img_resolution: int
    img_channels: int
    z_dim: int
    c_dim: int
    w_dim: int
    num_ws: int
    has_input_transform: bool
    has_noise: bool
    untrained: bool
    num_parameters: int
    layers: tuple[str, ...]  # the parts of the synthesis network in order
    training: dict[str, Any]  # what the file tells of its training, as plain values
    tensors: dict[str, StoredTensor]

    @property
    def num_values(self) -> int:
        """Of all tensors, buffers included."""
        return sum(tensor.num_elements for tensor in self.tensors.values())


def describe_checkpoint(path: str | Path) -> Description:
    """Read what a checkpoint says about itself; no memory is taken for its weights' copies.

    Raises:
        CheckpointError: the file cannot be used; one sentence says why.
    """
    content = open_source(path)
    with explained(content.name):
        stored = read_stored(content)
        shapes = {name: tensor.shape for name, tensor in stored.tensors.items()}
        empty = check_tensors(stored.design, shapes)
    return Description(
        path=str(path),
        file_bytes=Path(path).stat().st_size,
        sha256=content.sha256(),
        format=stored.format,
        network=stored.network,
        other_networks=stored.others,
        family=empty.family,
        img_resolution=empty.img_resolution,
        img_channels=empty.img_channels,
        z_dim=empty.z_dim,
        c_dim=empty.c_dim,
        w_dim=empty.w_dim,
        num_ws=empty.num_ws,
        has_input_transform=empty.has_input_transform,
        has_noise=empty.has_noise,
        untrained=stored.untrained,
        num_parameters=empty.num_parameters,
        layers=tuple(name for name, _ in empty.synthesis.named_children()),
        training=_plain_values(stored.training),
        tensors=dict(stored.tensors),
    )


def _plain_values(values: dict[Any, Any]) -> dict[str, Any]:
    """Numbers and short texts only: the rest of a record is no business of ours."""
    plain: dict[str, Any] = {}
    for key, value in list(values.items())[:MAX_VALUES]:
        if not isinstance(key, str) or not isinstance(value, (str, int, float, type(None))):
            continue
        is_odd = isinstance(value, float) and not math.isfinite(value)
        plain[one_line(key)] = one_line(value) if isinstance(value, str) or is_odd else value
    return plain
