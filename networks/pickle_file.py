"""The allow-list of checkpoint pickles, and reading one with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from networks.byte_reader import ByteReader
from networks.errors import CheckpointError
from networks.pickle_machine import Allowed, PickleMachine, checked_keys, describe
from networks.pickle_values import (
    ModuleRecord,
    NetworkRecord,
    NumpyDtype,
    encode_latin1,
    make_array,
    make_module,
    make_scalar,
    rebuild_parameter,
    rebuild_tensor,
    start_array,
)
from networks.torch_storage import load_storage

MAX_DEPTH = 100  # of containers in containers; checkpoints have about 30


def _make_dict(items: Any = ()) -> dict[Any, Any]:
    pairs = [tuple(item) for item in items if isinstance(item, (list, tuple)) and len(item) == 2]
    if not isinstance(items, (list, tuple)) or len(pairs) != len(items):
        raise CheckpointError(f"it makes a dictionary of {describe(items)}")
    checked_keys([key for key, _ in pairs])
    return dict(pairs)


def _make_set(items: Any = ()) -> set[Any]:
    if not isinstance(items, (list, tuple)):
        raise CheckpointError(f"it makes a set of {describe(items)}")
    return set(checked_keys(list(items)))


def _allow_list() -> dict[tuple[str, str], Allowed]:
    table: dict[tuple[str, str], tuple[Callable[..., Any] | None, Callable[[], Any] | None]] = {
        ("torch_utils.persistence", "_reconstruct_persistent_obj"): (make_module, None),
        ("dnnlib.util", "EasyDict"): (_make_dict, dict),
        ("dnnlib.tflib.network", "Network"): (None, NetworkRecord),
        ("collections", "OrderedDict"): (_make_dict, dict),
        ("torch._utils", "_rebuild_tensor_v2"): (rebuild_tensor, None),
        ("torch._utils", "_rebuild_parameter"): (rebuild_parameter, None),
        ("torch._utils", "_rebuild_parameter_with_state"): (rebuild_parameter, None),
        ("torch.storage", "_load_from_bytes"): (load_storage, None),
        ("numpy", "dtype"): (NumpyDtype, None),
        ("numpy", "ndarray"): (None, None),
        ("builtins", "set"): (_make_set, None),
        ("__builtin__", "set"): (_make_set, None),
        ("_codecs", "encode"): (encode_latin1, None),
    }
    for package in ("numpy.core", "numpy._core"):
        table[f"{package}.multiarray", "_reconstruct"] = (start_array, None)
        table[f"{package}.multiarray", "scalar"] = (make_scalar, None)
        # How protocol 5 writes an array.
        table[f"{package}.numeric", "_frombuffer"] = (make_array, None)
    return {
        (module, name): Allowed(f"{module}.{name}", call, new)
        for (module, name), (call, new) in table.items()
    }


ALLOWED = _allow_list()


def read_pickle(data: memoryview) -> Any:
    """The content of a checkpoint pickle as plain values and records.

    Raises:
        CheckpointError: a global outside of the allow-list, or damage of any kind.
    """
    content = PickleMachine(ByteReader(data), ALLOWED).run()
    _check_depth(content)
    return content


def _check_depth(content: Any) -> None:
    """Refuse nesting that no checkpoint has, before anything walks through it."""
    seen: set[int] = set()
    level = [content]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for value in level:
            if id(value) not in seen:
                seen.add(id(value))
                below.extend(_children(value))
        if not below:
            return
        level = below
    raise CheckpointError(f"its content is nested more than {MAX_DEPTH} levels deep")


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, (list, tuple)):
        return list(value)
    if isinstance(value, (ModuleRecord, NetworkRecord)):
        return [value.state]
    return []
