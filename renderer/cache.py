"""A cache by value within a byte budget: what was used longest ago goes first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Hashable
from typing import Any

Key = tuple[Hashable, ...]


class ByteCache:
    """Maps keys to values of a known size."""

    def __init__(self, budget_bytes: int) -> None:
        self.budget_bytes = budget_bytes
        self._entries: OrderedDict[Key, tuple[Any, int]] = OrderedDict()
        self._num_bytes = 0

    @property
    def num_bytes(self) -> int:
        return self._num_bytes

    def get(self, key: Key) -> Any | None:
        """The value, which becomes the most recently used; None when it is not here."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: Key, value: Any, num_bytes: int) -> None:
        """Keep a value; one that is larger than the whole budget is not kept."""
        self.drop(key)
        if num_bytes > self.budget_bytes:
            return
        self._entries[key] = (value, num_bytes)
        self._num_bytes += num_bytes
        while self._num_bytes > self.budget_bytes:
            self.drop(next(iter(self._entries)))

    def drop(self, key: Key) -> None:
        """Forget a value, if it is here."""
        _, num_bytes = self._entries.pop(key, (None, 0))
        self._num_bytes -= num_bytes

    def keep(self, owners: Collection[Hashable]) -> None:
        """Forget the values of others: a key is a tuple that begins with its owner."""
        for key in [key for key in self._entries if key[0] not in owners]:
            self.drop(key)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._num_bytes = 0
