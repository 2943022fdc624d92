"""What the globals on the allow-list become: plain records of tensors, arrays and modules.

Nothing is copied here: tensors and arrays stay views of the file until a generator needs them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from networks.errors import CheckpointError
from networks.pickle_machine import Buildable, describe

MAX_RANK = 8
NUMERIC_CODES = frozenset(["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"])
SPARE_ELEMENTS = 2**20  # how far an expanded view may exceed its storage


@dataclass(frozen=True)
class Storage:
    """A block of numbers that tensors are views of."""

    dtype: np.dtype  # little-endian
    data: memoryview

    @property
    def num_elements(self) -> int:
        return len(self.data) // self.dtype.itemsize


@dataclass(frozen=True)
class TensorRecord:
    """A checked strided view of a storage."""

    storage: Storage
    offset: int  # in elements, like the strides
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    @property
    def num_elements(self) -> int:
        return math.prod(self.shape)

    def to_tensor(self) -> Tensor:
        """A contiguous float32 copy (integers and booleans become floats too)."""
        if self.num_elements == 0:
            return torch.zeros(self.shape)
        last = self.offset + sum((n - 1) * s for n, s in zip(self.shape, self.stride, strict=True))
        size = self.storage.dtype.itemsize
        raw = self.storage.data[self.offset * size : (last + 1) * size]
        flat = torch.from_numpy(np.frombuffer(raw, self.storage.dtype).copy())
        return flat.as_strided(self.shape, self.stride).to(torch.float32).contiguous()


def rebuild_tensor(
    storage: Any, offset: Any, size: Any, stride: Any, *_flags_hooks_metadata: Any
) -> TensorRecord:
    """`torch._utils._rebuild_tensor_v2`: a view that must lie inside its storage."""
    if not isinstance(storage, Storage):
        raise CheckpointError(f"it has a tensor whose storage is {describe(storage)}")
    shape, strides = _sizes(size, "shape"), _sizes(stride, "stride")
    start = _sizes((offset,), "offset")[0]
    if len(shape) != len(strides):
        raise CheckpointError(f"it has a tensor of shape {shape} with strides {strides}")
    record = TensorRecord(storage, start, shape, strides)
    last = start + sum((n - 1) * s for n, s in zip(shape, strides, strict=True))
    is_inside = start <= storage.num_elements and (
        record.num_elements == 0 or last < storage.num_elements
    )
    if not is_inside or record.num_elements > storage.num_elements + SPARE_ELEMENTS:
        raise CheckpointError(
            f"it has a tensor of shape {shape}, strides {strides} and offset {start}, "
            f"which reaches beyond its storage of {storage.num_elements} numbers"
        )
    return record


def _sizes(value: Any, what: str) -> tuple[int, ...]:
    """A tuple of at most MAX_RANK plain non-negative integers."""
    if not isinstance(value, (tuple, list)) or len(value) > MAX_RANK:
        raise CheckpointError(f"it has a tensor whose {what} is {describe(value)}")
    for item in value:
        if type(item) is not int or not 0 <= item < 2**48:
            raise CheckpointError(f"it has a tensor whose {what} contains {describe(item)}")
    return tuple(value)


def rebuild_parameter(data: Any, *_requires_grad_hooks_state: Any) -> TensorRecord:
    """`torch._utils._rebuild_parameter` and `_rebuild_parameter_with_state`."""
    if not isinstance(data, TensorRecord):
        raise CheckpointError(f"it has a parameter that is {describe(data)}")
    return data


class NumpyDtype(Buildable):
    """`numpy.dtype`, of plain numbers only."""

    def __init__(self, code: Any, *_align_copy: Any) -> None:
        text = code.lstrip("<>=|") if isinstance(code, str) else ""
        if text not in NUMERIC_CODES:
            raise CheckpointError(f"it has an array of {describe(code)}; only numbers are read")
        self.code = text
        self.order = code[0] if code[0] in "<>" else "<"

    def set_state(self, state: Any) -> None:
        """(version, byte order, subdtype, names, fields, itemsize, alignment, flags)."""
        plain = isinstance(state, tuple) and 5 <= len(state) <= 9
        if not plain or state[1] not in ("<", ">", "|", "=") or any(state[2:5]):
            raise CheckpointError("it has an array of structured values; only numbers are read")
        self.order = state[1] if state[1] in "<>" else "<"

    def resolve(self) -> np.dtype:
        return np.dtype(self.order + self.code)


class ArrayRecord(Buildable):
    """`numpy.ndarray`, a checked view of the file."""

    def __init__(self) -> None:
        self.value: np.ndarray | None = None

    def set_state(self, state: Any) -> None:
        """(version, shape, dtype, is_fortran, bytes)."""
        if not isinstance(state, tuple) or len(state) != 5:
            raise CheckpointError("it has an array with an unknown kind of state")
        _, shape, dtype, is_fortran, raw = state
        self.value = make_array(raw, dtype, shape, "F" if is_fortran is True else "C").value

    def to_numpy(self) -> np.ndarray:
        if self.value is None:
            raise CheckpointError("it has an array without content")
        return self.value


def make_array(
    raw: Any, dtype: Any, shape: Any, order: Any = "C", axis_order: Any = None
) -> ArrayRecord:
    """An array whose size fits its bytes (`_frombuffer` of numpy)."""
    if axis_order is not None:
        raise CheckpointError("it has an array whose axes are stored in another order")
    sizes = _sizes(shape, "shape")
    if not isinstance(dtype, NumpyDtype) or order not in ("C", "F"):
        raise CheckpointError(f"it has an array of {describe(dtype)}; only numbers are read")
    data = raw_bytes(raw)
    kind = dtype.resolve()
    if math.prod(sizes) * kind.itemsize != len(data):
        raise CheckpointError(f"it has an array of shape {sizes} in {len(data)} bytes")
    record = ArrayRecord()
    record.value = np.frombuffer(data, kind).reshape(sizes, order=order)
    return record


def start_array(*_class_shape_code: Any) -> ArrayRecord:
    """`_reconstruct` of numpy: the content follows as state."""
    return ArrayRecord()


def make_scalar(dtype: Any, raw: Any = b"") -> Any:
    """`scalar` of numpy, as a plain Python number."""
    return make_array(raw, dtype, ()).to_numpy().item()


def raw_bytes(value: Any) -> memoryview:
    """The bytes of a bytes object, or of a Python 2 string."""
    if isinstance(value, str):
        return memoryview(value.encode("latin-1"))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return memoryview(value)
    raise CheckpointError(f"it has {describe(value)} where bytes are expected")


def encode_latin1(text: Any, encoding: Any = "latin1") -> bytes:
    """`_codecs.encode`: how protocol 2 writes bytes."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise CheckpointError(f"it encodes {describe(text)} as {describe(encoding)}")
    return text.encode("latin-1")


@dataclass(frozen=True)
class ModuleRecord:
    """`torch_utils.persistence._reconstruct_persistent_obj`, inert: its source is ignored."""

    class_name: str
    version: int
    state: dict[str, Any]


def make_module(meta: Any = None, *extra: Any) -> ModuleRecord:
    """Take the class name and the state of a persistent object; nothing is executed."""
    if not isinstance(meta, dict) or extra or meta.get("type") != "class":
        raise CheckpointError("it has a persistent object of an unknown kind")
    name, state, version = meta.get("class_name"), meta.get("state"), meta.get("version")
    if not isinstance(name, str) or not isinstance(state, dict) or not isinstance(version, int):
        raise CheckpointError("it has a persistent object without class name, version and state")
    return ModuleRecord(name, version, state)


class NetworkRecord(Buildable):
    """`dnnlib.tflib.network.Network`, inert: its source is ignored."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}

    def set_state(self, state: Any) -> None:
        if not isinstance(state, dict):
            raise CheckpointError(f"it has a TensorFlow network that is {describe(state)}")
        self.state = state
