"""Stand-ins for the classes in checkpoints that people share, and pickling with them.

Python pickles the objects and torch pickles the tensors, as they do for the programs whose
files we read; only the classes are stand-ins under the names that those programs give them.
"""

from __future__ import annotations

import pickle
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import torch

SOURCE = "raise SystemExit('the source embedded in this checkpoint was executed')\n"


@dataclass(frozen=True)
class Options:
    """How a file is written; the defaults are those of recent programs."""

    protocol: int = 4
    keys: tuple[str, ...] = ("G", "D", "training_set_kwargs", "augment_pipe", "G_ema")
    dtype: torch.dtype = torch.float32
    channels_last: bool = False
    location: str = "cpu"
    numpy_scalars: bool = False  # attributes as numpy has computed them
    omit: tuple[str, ...] = ()  # attributes that an older program did not have
    with_kwargs: bool = True  # whether modules keep their own constructor arguments
    layer_kwargs: bool = True  # the same, for all but the generator
    synthesis_kwargs: tuple[tuple[str, Any], ...] = ()  # told once, for the whole generator
    old_numpy: bool = False  # numpy.core instead of numpy._core; protocols 2 and 3


# --- stand-ins


def _reconstruct_persistent_obj(meta: Any) -> None:
    raise AssertionError("stand-in: only its name is pickled")


class Persistent:
    """An object that carries its source, as `torch_utils.persistence` writes it."""

    def __init__(self, class_name: str, state: dict[str, Any]) -> None:
        self.class_name, self.state = class_name, state

    def __reduce__(self) -> tuple[Any, ...]:
        meta = {
            "type": "class",
            "version": 6,
            "module_src": SOURCE,
            "class_name": self.class_name,
            "state": self.state,
        }
        return _reconstruct_persistent_obj, (meta,), None


class EasyDict(dict[str, Any]):
    """`dnnlib.util.EasyDict`."""


STAND_INS = {
    "torch_utils.persistence": _reconstruct_persistent_obj,
    "dnnlib.util": EasyDict,
}


@contextmanager
def stand_ins(more: dict[str, Any] | None = None) -> Iterator[None]:
    """Make the stand-ins importable under the names that end up in the file."""
    modules = {}
    with mock.patch.dict(sys.modules):
        for name, item in {**STAND_INS, **(more or {})}.items():
            item.__module__ = name
            for i in range(1, name.count(".") + 2):
                part = ".".join(name.split(".")[:i])
                modules.setdefault(part, types.ModuleType(part))
            setattr(modules[name], item.__name__, item)
        sys.modules.update(modules)
        yield


def dump(content: Any, options: Options, more: dict[str, Any] | None = None) -> bytes:
    """Pickle with stand-ins, the protocol and the tensor location asked for."""
    with (
        stand_ins(more),
        mock.patch("torch.serialization.location_tag", return_value=options.location),
    ):
        data = pickle.dumps(content, options.protocol)
    if options.old_numpy:
        assert options.protocol <= 3
        data = data.replace(b"cnumpy._core.", b"cnumpy.core.")
    return data
