"""Only messages travel between the window and the renderer."""

from __future__ import annotations

import os
import select
import signal
import struct
import subprocess
from collections.abc import Callable, Iterator

import pytest

from renderer.channel import Channel
from renderer.messages import (
    UNTRAINED,
    DisplaySpec,
    ReleaseSlot,
    RenderFrame,
    RenderRequest,
    RenderResult,
    SpectrumSpec,
    View,
)
from renderer.process import WorkerProcess


class Pickled:
    """Anything that pickle would call when it reads it back."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self._reduced = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self._reduced


@pytest.fixture
def ends() -> Iterator[tuple[Channel, Channel, int]]:
    """Two ends, and the descriptor that writes to the first."""
    (read_a, write_b), (read_b, write_a) = os.pipe(), os.pipe()
    yield Channel(read_a, write_a), Channel(read_b, write_b), write_b
    for fd in (read_a, write_a, read_b, write_b):
        os.close(fd)


def test_a_message_arrives_as_it_was_sent(ends: tuple[Channel, Channel, int]) -> None:
    view = View("a.pkl", display=DisplaySpec(layer="L1", spectrum=SpectrumSpec(beta=3.5)))
    frame = RenderFrame(7, RenderRequest((view,)))
    ends[1].send(frame)
    assert ends[0].receive() == frame


@pytest.mark.parametrize(
    "stranger",
    [
        Pickled(os.getpid),
        Pickled(subprocess.getoutput, "id"),
        Pickled(eval, "1"),
        Pickled(Channel, 0, 0),
    ],
)
def test_nothing_but_messages_is_read(ends: tuple[Channel, Channel, int], stranger: object) -> None:
    ends[1].send(stranger)
    assert ends[0].receive() is None


def test_names_that_the_messages_import_are_not_messages(
    ends: tuple[Channel, Channel, int],
) -> None:
    data = b"crenderer.messages.requests\ndataclass\n."
    os.write(ends[2], struct.pack("<Q", len(data)) + data)
    assert ends[0].receive() is None


def test_a_message_is_written_at_once_where_the_pipe_has_room(
    ends: tuple[Channel, Channel, int],
) -> None:
    frame = RenderFrame(7, RenderRequest((View("a.pkl"),)))
    assert ends[1].send_at_once(frame)
    assert ends[0].receive() == frame


def test_a_full_pipe_takes_whole_messages_or_nothing(ends: tuple[Channel, Channel, int]) -> None:
    sent = 0
    while ends[1].send_at_once(ReleaseSlot("ring", sent)):
        sent += 1
    assert sent > 100
    for number in range(sent):
        assert ends[0].receive() == ReleaseSlot("ring", number)
    assert ends[1].send_at_once(ReleaseSlot("ring", sent))
    assert ends[0].receive() == ReleaseSlot("ring", sent)


def test_what_might_not_fit_in_one_piece_is_not_begun(ends: tuple[Channel, Channel, int]) -> None:
    assert not ends[1].send_at_once(ReleaseSlot("x" * select.PIPE_BUF, 1))
    ends[1].send(ReleaseSlot("ring", 2))
    assert ends[0].receive() == ReleaseSlot("ring", 2)


def test_messages_keep_their_order_when_the_renderer_is_busy() -> None:
    process = WorkerProcess("cpu")
    try:
        os.kill(process.pid, signal.SIGSTOP)
        for number in range(3000):  # more than the pipe holds
            process.send(ReleaseSlot("no ring of it", number))
        for stamp in (1, 2):
            process.send(RenderFrame(stamp, RenderRequest((View(UNTRAINED),))))
        os.kill(process.pid, signal.SIGCONT)
        messages: list[object] = []
        while not any(isinstance(message, RenderResult) for message in messages):
            messages.append(process.receive())
            assert messages[-1] is not None
        process.send(RenderFrame(3, RenderRequest((View(UNTRAINED),))))
        while not isinstance(message := process.receive(), RenderResult):
            assert message is not None
        stamps = [m.stamp for m in [*messages, message] if isinstance(m, RenderResult)]
        assert stamps == [2, 3]
    finally:
        process.kill()
        process.wait()
