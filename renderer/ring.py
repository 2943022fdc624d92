"""Tiles in shared memory: a ring of slots that the renderer writes and the window releases.

When a picture outgrows the slots, the writer opens a new ring beside the old one (whose tiles
stay readable) and announces it with `RingOpened`.
"""

from __future__ import annotations

import math
import mmap
import os
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from renderer.messages import RingOpened, TileRef
from renderer.shared_memory import ALIGNMENT, SharedMemory

Pixels = npt.NDArray[np.uint8]
MIN_SLOT_BYTES = 1 << 18
SLOTS_PER_TILE = 4  # one shown, one on its way, one being written, one to spare


class RingReader:
    """The window's side: pixels of tiles."""

    def __init__(self) -> None:
        self._blocks: dict[str, mmap.mmap] = {}

    def open(self, ring: RingOpened, memory: SharedMemory) -> None:
        """Map a ring; the last few stay readable, also when their renderer has died."""
        self._blocks = dict(list(self._blocks.items())[-3:])
        self._blocks[ring.ring] = memory.map_block(ring.ring, ring.base, ring.num_bytes)

    def pixels(self, ref: TileRef) -> Pixels:
        """uint8 [height, width, channels], a view that changes once its slot is released.

        Raises:
            KeyError: the ring is gone.
        """
        shape = (ref.height, ref.width, ref.channels)
        block: Any = self._blocks[ref.ring]
        flat = np.frombuffer(block, np.uint8, math.prod(shape), ref.offset)
        return flat.reshape(shape)


class RingWriter:
    """The renderer's side. `release` may be called from another thread than `write`."""

    def __init__(self, memory: SharedMemory, announce: Callable[[RingOpened], None]) -> None:
        self._memory = memory
        self._announce = announce
        self._changed = threading.Condition()
        self._slot_bytes = 0
        self._num_slots = 0
        self._held: set[int] = set()
        self._block: mmap.mmap | None = None
        self._ring = ""
        self._num_rings = 0
        self._end = 0  # of the memory in use
        self._old_held: dict[str, set[int]] = {}

    def write(self, picture: Pixels, num_tiles: int = 1) -> TileRef:
        """Copy a uint8 [H, W, C] picture into a free slot, waiting for one if need be.

        Args:
            num_tiles: tiles of the request it belongs to; they are all held at once.

        Raises:
            OSError: there is no memory for a larger ring.
        """
        if picture.nbytes > self._slot_bytes or num_tiles * SLOTS_PER_TILE > self._num_slots:
            self._open(picture.nbytes, num_tiles)
        with self._changed:
            while (slot := self._take_slot()) is None:
                self._changed.wait()
        offset = slot * self._slot_bytes
        assert self._block is not None
        block: Any = self._block
        target = np.frombuffer(block, np.uint8, picture.nbytes, offset)
        np.copyto(target.reshape(picture.shape), picture)
        height, width, channels = picture.shape
        return TileRef(self._ring, offset, height, width, channels, slot)

    def release(self, ring: str, slot: int) -> None:
        """The window has read this slot."""
        with self._changed:
            if ring in self._old_held:
                self._old_held[ring].discard(slot)
            elif ring == self._ring and slot in self._held:
                self._held.discard(slot)
                self._changed.notify_all()

    def _open(self, num_bytes: int, num_tiles: int) -> None:
        slot_bytes = max(MIN_SLOT_BYTES, self._slot_bytes, 1 << (num_bytes - 1).bit_length())
        num_slots = max(self._num_slots, num_tiles * SLOTS_PER_TILE)
        ring_bytes = -(-slot_bytes * num_slots // ALIGNMENT) * ALIGNMENT
        with self._changed:
            self._old_held[self._ring] = self._held
            self._old_held = {ring: held for ring, held in self._old_held.items() if held}
            base = self._end if self._old_held else 0  # do not write over tiles being read
            self._ring, self._held, self._num_slots = "", set(), 0
        self._memory.reserve(base + ring_bytes)
        self._num_rings += 1
        ring = f"{os.getpid()}-{self._num_rings}"  # no other life of the renderer uses this name
        self._block = self._memory.map_block(ring, base, ring_bytes)
        self._announce(RingOpened(ring, base, ring_bytes))
        with self._changed:
            self._end = base + ring_bytes
            self._ring, self._slot_bytes, self._num_slots = ring, slot_bytes, num_slots

    def _take_slot(self) -> int | None:
        slot = next((s for s in range(self._num_slots) if s not in self._held), None)
        if slot is not None:
            self._held.add(slot)
        return slot
