"""Only messages travel between the window and the renderer."""

from __future__ import annotations

import os
import struct
import subprocess
from collections.abc import Callable, Iterator

import pytest

from renderer.channel import Channel
from renderer.messages import DisplaySpec, RenderFrame, RenderRequest, SpectrumSpec, View


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
