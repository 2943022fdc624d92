"""Generators from PyTorch pickles of StyleGAN2-ADA and StyleGAN3."""

from __future__ import annotations

from typing import Any

from networks.build import build_generator
from networks.errors import CheckpointError
from networks.generator import Generator
from networks.pickle_values import SPARE_ELEMENTS, ModuleRecord
from networks.stored_module import StoredModule
from networks.torch_stylegan2 import read_stylegan2
from networks.torch_stylegan3 import is_stylegan3, read_stylegan3

GENERATOR_KEYS = ("G_ema", "G")  # the running mean of the weights gives the better pictures


def find_generator(content: dict[Any, Any]) -> ModuleRecord:
    """The generator to use among the networks of a snapshot."""
    for key in GENERATOR_KEYS:
        record = content.get(key)
        if isinstance(record, ModuleRecord):
            if record.class_name != "Generator":
                raise CheckpointError(f"its {key} is a {record.class_name[:40]!r}, not a Generator")
            return record
    found = ", ".join(str(key)[:20] for key in list(content)[:8]) or "nothing"
    raise CheckpointError(f"it has no generator (G_ema or G) but {found}")


def read_design(module: StoredModule) -> Any:
    """The design of a stored generator of either architecture."""
    synthesis = module.child("synthesis")
    if is_stylegan3(synthesis):
        return read_stylegan3(module)
    return read_stylegan2(module)


def load_torch_pickle(content: dict[Any, Any], file_size: int) -> Generator:
    """The generator of a snapshot.

    Args:
        content: what `read_pickle` gave.
        file_size: bytes; bounds the memory that expanded tensors may take.
    """
    module = StoredModule(find_generator(content), "")
    design = read_design(module)
    tensors = dict(module.walk_tensors())
    if sum(tensor.num_elements for tensor in tensors.values()) > file_size + SPARE_ELEMENTS:
        raise CheckpointError("its tensors together are larger than the file")
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    return build_generator(design, shapes, lambda name: tensors[name].to_tensor())
