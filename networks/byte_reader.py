"""Reading numbers, strings and blocks from untrusted bytes, never past their end."""

from __future__ import annotations

import struct

from networks.errors import CheckpointError

MAX_LINE = 4096  # characters of a text argument; names and numbers are far shorter


class ByteReader:
    """A position in a block of bytes; every read is checked against what is left."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.position = 0

    @property
    def num_left(self) -> int:
        return len(self.data) - self.position

    def take(self, count: int) -> memoryview:
        """The next `count` bytes, without copying them."""
        if not 0 <= count <= self.num_left:
            raise CheckpointError(
                f"byte {self.position} announces {count} bytes but {self.num_left} follow: "
                "the file is damaged or incomplete"
            )
        start, self.position = self.position, self.position + count
        return self.data[start : self.position]

    def number(self, code: str) -> int:
        """A little-endian integer of `struct` format `code`."""
        value: int = struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))[0]
        return value

    def float64(self) -> float:
        """A big-endian float, as pickles have it."""
        value: float = struct.unpack(">d", self.take(8))[0]
        return value

    def line(self) -> str:
        """Text up to the next line feed, which is skipped."""
        window = bytes(self.data[self.position : self.position + MAX_LINE])
        end = window.find(b"\n")
        if end < 0:
            raise CheckpointError(f"no end of the line that starts at byte {self.position}")
        self.position += end + 1
        return window[:end].decode("latin-1")

    def text(self, count: int, encoding: str = "utf-8") -> str:
        """`count` bytes as text."""
        errors = "surrogatepass" if encoding == "utf-8" else "strict"
        return str(self.take(count), encoding, errors)
