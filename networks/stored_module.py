"""Reading attributes and tensors of the modules in a PyTorch checkpoint.

Old files lack attributes and had other defaults, so a value is looked for where it may be:
the attribute, then the constructor's keyword arguments, then a default that the caller states.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from networks.errors import CheckpointError
from networks.layers import ACTIVATION_GAINS, DenseSpec
from networks.pickle_machine import describe
from networks.pickle_values import ArrayRecord, ModuleRecord, TensorRecord

MAX_MODULE_DEPTH = 5
MAX_MODULES = 2000
MAX_DIM = 2**16  # of any size or channel count
REQUIRED = object()
# What a parent may have been told for all of its parts.
INHERITED = frozenset(("conv_clamp", "use_noise", "magnitude_ema_beta", "output_scale"))


class StoredModule:
    """One module of a checkpoint, with its path for error messages."""

    def __init__(self, record: Any, path: str, inherited: dict[str, Any] | None = None) -> None:
        if not isinstance(record, ModuleRecord):
            raise CheckpointError(f"its {path or 'generator'} is {describe(record)}, not a module")
        self.path = path
        self.inherited = inherited or {}
        self.class_name = record.class_name
        self.state = record.state
        self.children = _dict_of(record.state, "_modules", path)
        stored = [_dict_of(record.state, key, path) for key in ("_parameters", "_buffers")]
        self.tensors = {k: v for part in stored for k, v in part.items() if v is not None}

    def child(self, name: str) -> StoredModule:
        if self.children.get(name) is None:
            raise CheckpointError(f"its {self.path or 'generator'} has no part {name!r}")
        path = f"{self.path}.{name}".lstrip(".")
        return StoredModule(self.children[name], path, self._told(name))

    def _told(self, name: str) -> dict[str, Any]:
        """What the arguments of this module and of those above say for all of its parts."""
        kwargs = self.state.get("_init_kwargs")
        own = kwargs if isinstance(kwargs, dict) else {}
        nested = own.get(f"{name}_kwargs")  # such as synthesis_kwargs
        told = {**self.inherited, **own, **(nested if isinstance(nested, dict) else {})}
        return {key: value for key, value in told.items() if key in INHERITED}

    def has(self, name: str) -> bool:
        return self.children.get(name) is not None

    def shape(self, name: str, rank: int) -> tuple[int, ...]:
        """Shape of a tensor that must be there with this rank."""
        tensor = self.tensors.get(name)
        if not isinstance(tensor, TensorRecord) or len(tensor.shape) != rank:
            raise CheckpointError(f"its {self.path} has no {rank}-dimensional tensor {name!r}")
        return tensor.shape

    # --- attributes

    def raw(self, name: str, default: Any = REQUIRED) -> Any:
        kwargs = self.state.get("_init_kwargs")
        if name in self.state:
            return self.state[name]
        if isinstance(kwargs, dict) and name in kwargs:
            return kwargs[name]
        if name in self.inherited:
            return self.inherited[name]
        if default is REQUIRED:
            raise CheckpointError(f"its {self.path or 'generator'} does not say its {name!r}")
        return default

    def number(self, name: str, default: Any = REQUIRED) -> float:
        """A finite number; arrays of equal numbers (sizes of both axes) count as one."""
        value = self.raw(name, default)
        if isinstance(value, ArrayRecord):
            value = value.to_numpy().reshape(-1)[:3].tolist()
        if isinstance(value, (list, tuple)) and 1 <= len(value) <= 2:
            are_numbers = all(isinstance(item, (int, float)) for item in value)
            value = value[0] if are_numbers and value[0] == value[-1] else value
        if not isinstance(value, (int, float)) or not math.isfinite(value):
            raise CheckpointError(f"its {self.path} has {describe(value)} as {name!r}")
        return float(value)

    def integer(self, name: str, default: Any = REQUIRED) -> int:
        """A whole number between 0 and MAX_DIM."""
        value = self.number(name, default)
        if value != int(value) or not 0 <= value <= MAX_DIM:
            raise CheckpointError(f"its {self.path} has {value} as {name!r}")
        return int(value)

    def flag(self, name: str, default: Any = REQUIRED) -> bool:
        return self.number(name, default) != 0

    def optional_number(self, name: str, default: float | None) -> float | None:
        return None if self.raw(name, default) is None else self.number(name, default)

    def text(self, name: str, default: Any = REQUIRED) -> str:
        value = self.raw(name, default)
        if not isinstance(value, str):
            raise CheckpointError(f"its {self.path} has {describe(value)} as {name!r}")
        return value

    # --- walking

    def walk_tensors(self) -> Iterator[tuple[str, TensorRecord]]:
        """Every tensor below this module by its dotted name."""
        budget = [MAX_MODULES]
        yield from self._walk("", 0, budget)

    def _walk(
        self, prefix: str, depth: int, budget: list[int]
    ) -> Iterator[tuple[str, TensorRecord]]:
        budget[0] -= 1
        if depth > MAX_MODULE_DEPTH or budget[0] < 0:
            raise CheckpointError("its modules are nested or repeated more than any generator's")
        for name, tensor in self.tensors.items():
            if not isinstance(tensor, TensorRecord):
                raise CheckpointError(f"its {prefix}{name} is {describe(tensor)}, not a tensor")
            yield prefix + name, tensor
        for name, record in self.children.items():
            if record is not None:
                child = StoredModule(record, prefix + name)
                yield from child._walk(f"{prefix}{name}.", depth + 1, budget)

    def dense(self, lr_multiplier: float = 1.0) -> DenseSpec:
        """The specification of a fully connected layer."""
        out_features, in_features = self.shape("weight", 2)
        lr = self.number("lr_multiplier", lr_multiplier)
        activation = checked_activation(self.text("activation", "linear"), self.path)
        return DenseSpec(
            in_features=in_features,
            out_features=out_features,
            activation=activation,
            weight_gain=self.number("weight_gain", lr / math.sqrt(max(in_features, 1))),
            bias_gain=self.number("bias_gain", lr),
            bias="bias" in self.tensors,
        )


def checked_activation(activation: str, where: str) -> str:
    """One of the activations that we compute.

    Raises:
        CheckpointError: another one.
    """
    if activation not in ACTIVATION_GAINS:
        known = ", ".join(ACTIVATION_GAINS)
        raise CheckpointError(
            f"its {where} has the activation {activation[:40]!r}; known are {known}"
        )
    return activation


def _dict_of(state: dict[str, Any], key: str, path: str) -> dict[str, Any]:
    value = state.get(key, {})
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise CheckpointError(f"its {path or 'generator'} has {describe(value)} as {key!r}")
    return value
