"""Generators from TensorFlow pickles of StyleGAN2 and StyleGAN2-ADA.

Such a pickle is (G, D, Gs); Gs has the running mean of the weights. Each network carries its
hyperparameters (static_kwargs) and its variables by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from networks.build import StoredGenerator, StoredTensor
from networks.errors import CheckpointError
from networks.pickle_machine import describe
from networks.pickle_values import SPARE_ELEMENTS, ArrayRecord, NetworkRecord
from networks.stylegan2_layers import make_filter
from networks.tf_design import TFVariables, read_tf_design
from networks.torch_stylegan2 import check_stylegan2

MIN_VERSION = 4
MAX_COMPONENTS = 16


def is_tf_pickle(content: Any) -> bool:
    """A 3-tuple of networks."""
    is_three = isinstance(content, (tuple, list)) and len(content) == 3
    return is_three and isinstance(content[2], NetworkRecord)


def stored_tf_generator(content: Any, file_size: int) -> StoredGenerator:
    """The generator of a snapshot.

    Raises:
        CheckpointError: a hyperparameter or variable that we do not know, or that is missing.
    """
    network = content[2]
    version = network.state.get("version")
    if type(version) is not int or version < MIN_VERSION:
        raise CheckpointError(
            f"it has a TensorFlow network of version {describe(version)}; "
            f"{MIN_VERSION} and later (StyleGAN2) are known"
        )
    variables = TFVariables(dict(_walk(network)))
    if sum(array.size for array in variables.arrays.values()) > file_size // 2 + SPARE_ELEMENTS:
        raise CheckpointError("its variables together are larger than the file")
    design = read_tf_design(tf_kwargs(network), variables)
    check_stylegan2(design)
    tensors = dict(_tensors(variables, [block.name for block in design.blocks]))
    wanted = {name: value for name, value in tensors.items() if not _is_spare(name, design)}
    filters = _filters(design)
    everything = {**wanted, **filters}
    return StoredGenerator(
        format="TensorFlow pickle",
        design=design,
        tensors={
            name: StoredTensor(tuple(value.shape), "float32") for name, value in everything.items()
        },
        read=lambda name: everything[name].float().contiguous(),
        network="Gs",
        others=("G", "D"),
    )


def tf_kwargs(network: NetworkRecord) -> dict[str, Any]:
    """The hyperparameters of a network."""
    kwargs = network.state.get("static_kwargs")
    if not isinstance(kwargs, dict):
        raise CheckpointError("it has a TensorFlow network without hyperparameters")
    return kwargs


def _walk(network: Any, prefix: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """Variables of a network and its components by full name."""
    components = network.state.get("components", {})
    if not isinstance(components, dict) or len(components) > MAX_COMPONENTS:
        raise CheckpointError("it has a TensorFlow network with unknown components")
    variables = network.state.get("variables", [])
    if not isinstance(variables, (list, tuple)):
        raise CheckpointError("it has a TensorFlow network without a list of variables")
    for item in variables:
        if not isinstance(item, (list, tuple)) or len(item) != 2 or not isinstance(item[0], str):
            raise CheckpointError("it has a TensorFlow variable that is not (name, array)")
        yield prefix + item[0], _array(item[1], item[0])
    for name, component in components.items():
        if prefix or not isinstance(component, NetworkRecord):
            raise CheckpointError(f"it has a component {describe(name)} that is no network")
        yield from _walk(component, f"{name}/")


def _array(value: Any, name: str) -> np.ndarray:
    if isinstance(value, ArrayRecord):
        return value.to_numpy()
    if isinstance(value, (int, float)):
        return np.asarray(value, dtype=np.float32)
    raise CheckpointError(f"its variable {name[:60]!r} is {describe(value)}, not an array")


# --- names and layouts


def _tensors(variables: TFVariables, blocks: list[str]) -> Iterator[tuple[str, Tensor]]:
    """Our state dictionary from TensorFlow's variables."""
    for name, array in variables.arrays.items():
        scope, _, rest = name.partition("/")
        if name == "dlatent_avg":
            yield "mapping.w_avg", _tensor(array)
        elif scope == "mapping":
            yield _mapping_tensor(rest, array)
        elif scope == "synthesis":
            yield _synthesis_tensor(rest, array)
        elif name != "lod":
            raise _unknown(name)


def _mapping_tensor(name: str, array: np.ndarray) -> tuple[str, Tensor]:
    layer, _, part = name.partition("/")
    ours = "embed" if layer == "LabelEmbed" else layer.replace("Dense", "fc")
    if part == "weight" and array.ndim == 2:
        return f"mapping.{ours}.weight", _tensor(array.T)
    if part == "bias":
        return f"mapping.{ours}.bias", _tensor(array)
    raise _unknown(f"mapping/{name}")


LAYERS = {
    "Conv": "conv1",
    "Conv0_up": "conv0",
    "Conv1": "conv1",
    "ToRGB": "torgb",
    "Skip": "skip",
}
FLIPPED = ("Conv0_up", "Skip")  # stored as correlation kernels of the transposed convolution


def _synthesis_tensor(name: str, array: np.ndarray) -> tuple[str, Tensor]:
    if name.startswith("noise") and array.ndim == 4:
        block, layer = noise_place(name)
        return f"synthesis.b{block}.{layer}.noise_const", _tensor(array[0, 0])
    scope, _, rest = name.partition("/")
    layer, _, part = rest.partition("/")
    block = scope.split("x")[0]
    if rest == "Const/const" and array.ndim == 4:
        return f"synthesis.b{block}.const", _tensor(array[0])
    if layer not in LAYERS:
        raise _unknown(f"synthesis/{name}")
    place = f"synthesis.b{block}.{LAYERS[layer]}"
    if part == "weight" and array.ndim == 4:
        array = array[::-1, ::-1] if layer in FLIPPED else array
        return f"{place}.weight", _tensor(array.transpose(3, 2, 0, 1))  # HWIO → OIHW
    if part == "mod_weight" and array.ndim == 2:
        return f"{place}.affine.weight", _tensor(array.T)
    if part == "mod_bias":
        return f"{place}.affine.bias", _tensor(array + array.dtype.type(1))
    if part in ("bias", "noise_strength"):
        return f"{place}.{part}", _tensor(array)
    raise _unknown(f"synthesis/{name}")


def noise_place(name: str) -> tuple[str, str]:
    """Block resolution and layer of noise{k}: 0 → 4 conv1, then two per resolution."""
    k = int(name.removeprefix("noise"))
    if not 0 <= k < 32:
        raise _unknown(f"synthesis/{name}")
    return str(2 ** ((k + 5) // 2)), "conv0" if k % 2 else "conv1"


def _tensor(array: np.ndarray) -> Tensor:
    # Always a copy: a view of the file would keep all of it in memory.
    return torch.from_numpy(np.array(array, dtype=np.float32, order="C"))


def _is_spare(name: str, design: Any) -> bool:
    """Variables that the program stored although its architecture does not use them."""
    blocks = {block.name: block for block in design.blocks}
    block = blocks.get(name.split(".")[1])
    if block is None:
        return False
    layer, part = name.split(".")[2:3], name.rsplit(".", maxsplit=1)[-1]
    if layer == ["torgb"]:
        return block.torgb is None
    return part in ("noise_const", "noise_strength") and not block.conv1.use_noise


def _filters(design: Any) -> dict[str, Tensor]:
    """Resampling filters are hyperparameters there and stored tensors here."""
    resample = make_filter(design.resample_filter)
    filters = {}
    for block in design.blocks:
        parts = ["", "conv1."] + (["conv0."] if block.conv0 else [])
        parts += ["skip."] if block.skip else []
        for part in parts:
            filters[f"synthesis.{block.name}.{part}resample_filter"] = resample
    return filters


def _unknown(name: str) -> CheckpointError:
    return CheckpointError(
        f"it has a TensorFlow variable {name[:80]!r} that StyleGAN2 does not have; "
        "it may come from another program"
    )
