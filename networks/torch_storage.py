"""The storages inside PyTorch pickles: five small pickles, a count, and the raw numbers."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from networks.byte_reader import ByteReader
from networks.errors import CheckpointError
from networks.pickle_machine import Allowed, PickleMachine, describe
from networks.pickle_values import Storage, raw_bytes

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
STORAGE_CODES = {
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "DoubleStorage": "<f8",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "|i1",
    "ByteStorage": "|u1",
    "BoolStorage": "|b1",
}
MAX_OPCODES = 200  # of each small pickle; torch writes about 30
ALLOWED = {("torch", name): Allowed(name) for name in STORAGE_CODES}


def load_storage(blob: Any) -> Storage:
    """`torch.storage._load_from_bytes`: the one storage that a blob holds.

    Raises:
        CheckpointError: not exactly the layout that torch writes.
    """
    data = raw_bytes(blob)
    reader = ByteReader(data)
    if _plain(reader) != MAGIC or _plain(reader) != PROTOCOL:
        raise CheckpointError("it has a tensor storage of an unknown layout")
    system = _plain(reader)
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise CheckpointError("it has a tensor storage that is not little-endian")
    declared = PickleMachine(reader, ALLOWED, _storage_id, MAX_OPCODES).run()
    keys = _plain(reader)
    if not isinstance(declared, _Declared) or keys != [declared.key]:
        raise CheckpointError("it has a tensor storage with another number of parts than one")
    count = reader.number("q")
    if count != declared.count or count * declared.dtype.itemsize != reader.num_left:
        raise CheckpointError(
            f"it has a tensor storage of {declared.count} numbers ({declared.dtype}) "
            f"in {reader.num_left} bytes"
        )
    return Storage(declared.dtype, reader.take(reader.num_left))


class _Declared:
    """What a storage says about itself before its numbers follow."""

    def __init__(self, code: str, key: str, count: int) -> None:
        self.dtype, self.key, self.count = np.dtype(code), key, count


_Plain = partial(PickleMachine, allowed={}, max_opcodes=MAX_OPCODES)


def _plain(reader: ByteReader) -> Any:
    return _Plain(reader).run()


def _storage_id(value: Any) -> _Declared:
    """('storage', type, key, location, number of elements, view); any location will do."""
    if not isinstance(value, tuple) or len(value) not in (5, 6) or value[0] != "storage":
        raise CheckpointError("it has a tensor storage of an unknown kind")
    _, kind, key, location, count = value[:5]
    is_view = len(value) == 6 and value[5] is not None
    if not isinstance(kind, Allowed) or not isinstance(key, str) or is_view:
        raise CheckpointError(f"it has a tensor storage of type {describe(kind)}")
    if not isinstance(location, str) or type(count) is not int or count < 0:
        raise CheckpointError(f"it has a tensor storage of {describe(count)} numbers")
    return _Declared(STORAGE_CODES[kind.name], key, count)
