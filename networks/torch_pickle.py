"""Generators from PyTorch pickles of StyleGAN2-ADA and StyleGAN3."""

from __future__ import annotations

from typing import Any

from networks.build import StoredGenerator, StoredTensor
from networks.errors import CheckpointError
from networks.pickle_values import SPARE_ELEMENTS, ModuleRecord
from networks.stored_module import StoredModule
from networks.torch_stylegan2 import read_stylegan2
from networks.torch_stylegan3 import is_stylegan3, read_stylegan3

GENERATOR_KEYS = ("G_ema", "G")  # the running mean of the weights gives the better pictures


def find_generator(content: dict[Any, Any]) -> tuple[str, ModuleRecord]:
    """The generator to use among the networks of a snapshot, with its key."""
    for key in GENERATOR_KEYS:
        record = content.get(key)
        if isinstance(record, ModuleRecord):
            if record.class_name != "Generator":
                raise CheckpointError(f"its {key} is a {record.class_name[:40]!r}, not a Generator")
            return key, record
    found = ", ".join(repr(key)[:20] for key in list(content)[:8]) or "nothing"
    raise CheckpointError(f"it has no generator (G_ema or G) but {found}")


def read_design(module: StoredModule) -> Any:
    """The design of a stored generator of either architecture."""
    synthesis = module.child("synthesis")
    if is_stylegan3(synthesis):
        return read_stylegan3(module)
    return read_stylegan2(module)


def stored_torch_generator(content: dict[Any, Any], file_size: int) -> StoredGenerator:
    """The generator of a snapshot.

    Args:
        content: what `read_pickle` gave.
        file_size: bytes; bounds the memory that expanded tensors may take.
    """
    key, record = find_generator(content)
    module = StoredModule(record, "")
    design = read_design(module)
    tensors = dict(module.walk_tensors())
    if sum(tensor.num_elements for tensor in tensors.values()) > file_size // 2 + SPARE_ELEMENTS:
        raise CheckpointError("its tensors together are larger than the file")
    training = content.get("training_set_kwargs")
    return StoredGenerator(
        format="PyTorch pickle",
        design=design,
        tensors={
            name: StoredTensor(tensor.shape, tensor.storage.dtype.name)
            for name, tensor in tensors.items()
        },
        read=lambda name: tensors[name].to_tensor(),
        network=key,
        others=tuple(
            name
            for name, value in content.items()
            if isinstance(value, ModuleRecord) and name != key and isinstance(name, str)
        ),
        training=training if isinstance(training, dict) else {},
    )
