"""A pickle interpreter that builds plain values and calls nothing but an allow-list.

Opcodes: the Python standard library's `pickletools` describes them. Globals are looked up in
a table that the caller gives; what is not in it is refused by name. Sizes are checked against
the bytes that follow, work and memory are bounded by limits that no real checkpoint comes near.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from typing import Any

from networks.byte_reader import ByteReader
from networks.errors import CheckpointError

MAX_OPCODES = 1_000_000  # checkpoints have about 20 thousand; each can cost some 200 bytes
MAX_LONG_BYTES = 64
SPARE_COST = 2**20  # of handling arguments, beyond what a file of its size can need
KEY_TYPES = (str, int, float, bool, type(None))


class Allowed:
    """An entry of the allow-list: what a global of a pickle means to us."""

    def __init__(
        self,
        name: str,
        call: Callable[..., Any] | None = None,
        new: Callable[[], Any] | None = None,
    ) -> None:
        self.name = name
        self.call = call  # for REDUCE
        self.new = new  # for NEWOBJ without arguments


class Buildable:
    """A value that accepts a state (BUILD)."""

    def set_state(self, state: Any) -> None:
        raise NotImplementedError


class _Mark:
    pass


_MARK = _Mark()


class PickleMachine:
    """Runs one pickle stream of `reader`, up to and including its STOP."""

    def __init__(
        self,
        reader: ByteReader,
        allowed: Mapping[tuple[str, str], Allowed],
        persistent_load: Callable[[Any], Any] | None = None,
        max_opcodes: int = MAX_OPCODES,
    ) -> None:
        self.reader = reader
        self.allowed = allowed
        self.persistent_load = persistent_load
        self.max_opcodes = max_opcodes
        # A value can be used again and again through the memo: what is copied each time counts.
        self.bytes_left = 2 * len(reader.data) + SPARE_COST
        self.items_left = SPARE_COST
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        """The value of the stream.

        Raises:
            CheckpointError: anything that a checkpoint does not need.
        """
        for _ in range(self.max_opcodes):
            opcode = self.reader.number("B")
            if opcode == 0x2E:  # STOP
                return self.pop()
            handler = HANDLERS.get(opcode)
            if handler is None:
                raise CheckpointError(_refused_opcode(opcode, self.reader.position - 1))
            handler(self)
        raise CheckpointError(f"it has more than {self.max_opcodes} instructions in one stream")

    def charge(self, *values: Any) -> None:
        """Count what handling these values costs; a checkpoint uses each of its bytes once."""
        for value in values:
            if isinstance(value, (str, memoryview, bytes)):
                self.bytes_left -= len(value)
            elif isinstance(value, (list, tuple, dict, set, frozenset)):
                self.items_left -= len(value)
        if self.bytes_left < 0 or self.items_left < 0:
            raise CheckpointError("it uses the same content again and again, as no checkpoint does")

    # --- stack and memo

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        if not self.stack or self.stack[-1] is _MARK:
            raise CheckpointError("its instructions use a value that is not there")
        return self.stack.pop()

    def top(self) -> Any:
        value = self.pop()
        self.push(value)
        return value

    def pop_mark(self) -> list[Any]:
        """The values above the last mark."""
        for i in range(len(self.stack) - 1, -1, -1):
            if self.stack[i] is _MARK:
                values = self.stack[i + 1 :]
                del self.stack[i:]
                return values
        raise CheckpointError("its instructions use a mark that is not there")

    def memoize(self, index: int) -> None:
        if not 0 <= index <= len(self.reader.data):
            raise CheckpointError(f"memo index {index} is beyond the file's size")
        self.memo[index] = self.top()

    def recall(self, index: int) -> None:
        if index not in self.memo:
            raise CheckpointError(f"memo index {index} was never stored")
        self.push(self.memo[index])

    # --- containers

    def tuple_of(self, count: int) -> None:
        values = [self.pop() for _ in range(count)]
        self.push(tuple(reversed(values)))

    def append(self, values: list[Any]) -> None:
        target = self.top()
        if type(target) is not list:
            raise CheckpointError(f"it appends to a {type(target).__name__}")
        target.extend(values)

    def add(self, values: list[Any]) -> None:
        target = self.top()
        if type(target) is not set:
            raise CheckpointError(f"it adds to a {type(target).__name__}, not to a set")
        target.update(checked_keys(values))

    def set_items(self, pairs: list[Any]) -> None:
        target = self.top()
        if type(target) is not dict:
            raise CheckpointError(f"it sets items of a {type(target).__name__}")
        target.update(make_dict(pairs))

    # --- globals

    def find_global(self, module: Any, name: Any) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise CheckpointError("it names a global by something other than text")
        entry = self.allowed.get((module, name))
        if entry is None:
            raise CheckpointError(
                f"it refers to {module[:80]!r} {name[:80]!r}, which is not on the list of what "
                "generators are made of, so nothing of it was loaded or executed; "
                "get the file from its original source"
            )
        self.push(entry)

    def reduce(self) -> None:
        args, func = self.pop(), self.pop()
        if not isinstance(func, Allowed) or func.call is None or type(args) is not tuple:
            raise CheckpointError(f"it calls {describe(func)}, which cannot be called")
        self.charge(*args)
        self.push(func.call(*args))

    def new_object(self) -> None:
        args, cls = self.pop(), self.pop()
        if not isinstance(cls, Allowed) or cls.new is None or args != ():
            raise CheckpointError(f"it makes an object of {describe(cls)}, which is not allowed")
        self.push(cls.new())

    def build(self) -> None:
        state, target = self.pop(), self.top()
        if isinstance(target, Buildable):
            self.charge(*(state if isinstance(state, tuple) else ()))
            target.set_state(state)
        elif type(target) is not dict or not isinstance(state, (dict, type(None))):
            # Dictionaries may carry attributes (state_dict's _metadata); we have no use for them.
            raise CheckpointError(f"it sets the state of {describe(target)}")

    def persistent_id(self) -> None:
        if self.persistent_load is None:
            raise CheckpointError("it refers to objects outside of the file (persistent id)")
        self.push(self.persistent_load(self.pop()))


def describe(value: Any) -> str:
    """A value in a few words, whatever it is."""
    if isinstance(value, Allowed):
        return value.name
    if isinstance(value, (str, int, float, type(None))):
        return repr(value)[:60]
    return f"a {type(value).__name__}"


def checked_keys(values: list[Any]) -> list[Any]:
    """Only plain keys: hashing a deeply nested one would overflow the stack."""
    for value in values:
        if not isinstance(value, KEY_TYPES):
            raise CheckpointError(f"it uses {describe(value)} as a key")
    return values


def make_dict(pairs: list[Any]) -> dict[Any, Any]:
    """A dictionary of alternating keys and values."""
    if len(pairs) % 2:
        raise CheckpointError("it has a dictionary with a key but no value")
    return dict(zip(checked_keys(pairs[::2]), pairs[1::2], strict=True))


def _refused_opcode(opcode: int, position: int) -> str:
    if opcode in (0x82, 0x83, 0x84):
        return "it uses a pickle extension code, which no checkpoint does"
    if opcode == 0x50:
        return "it refers to objects outside of the file (persistent id)"
    return f"byte {position} is 0x{opcode:02x}, which is no instruction that checkpoints use"


def _long(machine: PickleMachine, num_bytes: int) -> None:
    if not 0 <= num_bytes <= MAX_LONG_BYTES:
        raise CheckpointError(f"it has an integer of {num_bytes} bytes")
    raw = machine.reader.take(num_bytes)
    machine.push(int.from_bytes(raw, "little", signed=True))


def _integer_line(machine: PickleMachine) -> None:
    text = machine.reader.line()
    if text in ("00", "01"):  # booleans of protocol 0
        machine.push(text == "01")
    else:
        machine.push(decimal(text.removesuffix("L")))


def decimal(text: str) -> int:
    """A decimal number of reasonable length."""
    if len(text) > 2 * MAX_LONG_BYTES:
        raise CheckpointError(f"it has an integer of {len(text)} digits")
    return int(text)


def _protocol(machine: PickleMachine) -> None:
    version = machine.reader.number("B")
    if version > 5:
        raise CheckpointError(f"it is a pickle of protocol {version}; 0 to 5 are known")


def _frame(machine: PickleMachine) -> None:
    size = machine.reader.number("Q")
    if size > machine.reader.num_left:
        raise CheckpointError("it is incomplete: a frame is longer than the rest of the file")


def _stack_global(machine: PickleMachine) -> None:
    name, module = machine.pop(), machine.pop()
    machine.find_global(module, name)


def _set_item(machine: PickleMachine) -> None:
    value, key = machine.pop(), machine.pop()
    machine.set_items([key, value])


def _append(machine: PickleMachine) -> None:
    machine.append([machine.pop()])


def _bytes(machine: PickleMachine, count: int) -> None:
    machine.push(machine.reader.take(count))


def _text(machine: PickleMachine, count: int, encoding: str = "utf-8") -> None:
    machine.push(machine.reader.text(count, encoding))


def _discard(machine: PickleMachine) -> None:
    machine.pop()


def _discard_mark(machine: PickleMachine) -> None:
    machine.pop_mark()


_raw_unicode = codecs.lookup("raw_unicode_escape").decode  # else imported when first used

HANDLERS: dict[int, Callable[[PickleMachine], None]] = {
    # protocol and stack
    0x80: _protocol,
    0x95: _frame,
    ord("("): lambda m: m.push(_MARK),
    ord("0"): _discard,
    ord("1"): _discard_mark,
    ord("2"): lambda m: m.push(m.top()),
    # numbers
    ord("N"): lambda m: m.push(None),
    0x88: lambda m: m.push(True),
    0x89: lambda m: m.push(False),
    ord("J"): lambda m: m.push(m.reader.number("i")),
    ord("K"): lambda m: m.push(m.reader.number("B")),
    ord("M"): lambda m: m.push(m.reader.number("H")),
    ord("I"): _integer_line,
    ord("L"): _integer_line,
    0x8A: lambda m: _long(m, m.reader.number("B")),
    0x8B: lambda m: _long(m, m.reader.number("i")),
    ord("G"): lambda m: m.push(m.reader.float64()),
    ord("F"): lambda m: m.push(float(m.reader.line())),
    # text and bytes; strings of Python 2 (T, U) may hold raw bytes
    ord("V"): lambda m: m.push(_raw_unicode(m.reader.line().encode("latin-1"))[0]),
    ord("X"): lambda m: _text(m, m.reader.number("I")),
    0x8C: lambda m: _text(m, m.reader.number("B")),
    0x8D: lambda m: _text(m, m.reader.number("Q")),
    ord("T"): lambda m: _text(m, m.reader.number("i"), "latin-1"),
    ord("U"): lambda m: _text(m, m.reader.number("B"), "latin-1"),
    ord("B"): lambda m: _bytes(m, m.reader.number("I")),
    ord("C"): lambda m: _bytes(m, m.reader.number("B")),
    0x8E: lambda m: _bytes(m, m.reader.number("Q")),
    0x96: lambda m: _bytes(m, m.reader.number("Q")),
    # containers
    ord(")"): lambda m: m.push(()),
    ord("t"): lambda m: m.push(tuple(m.pop_mark())),
    0x85: lambda m: m.tuple_of(1),
    0x86: lambda m: m.tuple_of(2),
    0x87: lambda m: m.tuple_of(3),
    ord("]"): lambda m: m.push([]),
    ord("l"): lambda m: m.push(m.pop_mark()),
    ord("a"): _append,
    ord("e"): lambda m: m.append(m.pop_mark()),
    ord("}"): lambda m: m.push({}),
    ord("d"): lambda m: m.push(make_dict(m.pop_mark())),
    ord("s"): _set_item,
    ord("u"): lambda m: m.set_items(m.pop_mark()),
    0x8F: lambda m: m.push(set()),
    0x90: lambda m: m.add(m.pop_mark()),
    0x91: lambda m: m.push(frozenset(checked_keys(m.pop_mark()))),
    # memo
    0x94: lambda m: m.memoize(len(m.memo)),
    ord("p"): lambda m: m.memoize(decimal(m.reader.line())),
    ord("q"): lambda m: m.memoize(m.reader.number("B")),
    ord("r"): lambda m: m.memoize(m.reader.number("I")),
    ord("g"): lambda m: m.recall(decimal(m.reader.line())),
    ord("h"): lambda m: m.recall(m.reader.number("B")),
    ord("j"): lambda m: m.recall(m.reader.number("I")),
    # globals and objects
    ord("c"): lambda m: m.find_global(m.reader.line(), m.reader.line()),
    0x93: _stack_global,
    ord("R"): lambda m: m.reduce(),
    0x81: lambda m: m.new_object(),
    ord("b"): lambda m: m.build(),
    ord("Q"): lambda m: m.persistent_id(),
}
