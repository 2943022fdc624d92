"""How messages travel: length-prefixed frames over a pair of pipes, both ways.

Only the dataclasses of `renderer.messages` are read back, so nothing else can arrive.
"""

from __future__ import annotations

import dataclasses
import io
import os
import pickle
import select
import struct
import threading
from typing import Any

_HEADER = struct.Struct("<Q")
_MAX_MESSAGE_BYTES = 1 << 28


class _MessageUnpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str) -> Any:
        if module_name.startswith("renderer.messages.") and "." not in global_name:
            found = super().find_class(module_name, global_name)
            if isinstance(found, type) and dataclasses.is_dataclass(found):
                return found
        raise pickle.UnpicklingError(f"{module_name}.{global_name} is not a message")


class Channel:
    """One end of a two-way connection over two file descriptors, which it owns."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._read_fd = read_fd
        self._write_fd = write_fd
        self._send_lock = threading.Lock()

    def send(self, message: object) -> None:
        """Write one message whole; blocks while the pipe is full.

        Raises:
            OSError: the other end is gone.
        """
        view = memoryview(_packed(message))
        with self._send_lock:
            while view:
                view = view[os.write(self._write_fd, view) :]

    def send_at_once(self, message: object) -> bool:
        """Write one message whole if that needs no waiting; False where nothing was written.

        Raises:
            OSError: the other end is gone.
        """
        if not hasattr(select, "poll"):
            return False  # Windows: nobody knows there
        data = _packed(message)
        if len(data) > select.PIPE_BUF or not self._send_lock.acquire(blocking=False):
            return False
        try:
            pipe = select.poll()
            pipe.register(self._write_fd, select.POLLOUT)
            if not pipe.poll(0):
                return False
            os.write(self._write_fd, data)  # there is room for PIPE_BUF bytes, written in one piece
        finally:
            self._send_lock.release()
        return True

    def receive(self) -> object | None:
        """The next message; None when the other end is gone or sends nonsense."""
        header = self._read_exactly(_HEADER.size)
        if header is None:
            return None
        (num_bytes,) = _HEADER.unpack(header)
        if num_bytes > _MAX_MESSAGE_BYTES:
            return None
        data = self._read_exactly(num_bytes)
        if data is None:
            return None
        try:
            message: object = _MessageUnpickler(io.BytesIO(data)).load()
        except Exception:  # whatever the bytes are, the other end cannot be trusted any more
            return None
        return message

    def _read_exactly(self, num_bytes: int) -> bytes | None:
        parts = bytearray()
        while len(parts) < num_bytes:
            try:
                part = os.read(self._read_fd, min(num_bytes - len(parts), 1 << 16))
            except OSError:
                return None
            if not part:
                return None
            parts += part
        return bytes(parts)


def _packed(message: object) -> bytes:
    data = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    return _HEADER.pack(len(data)) + data
