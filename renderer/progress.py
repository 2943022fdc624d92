"""Progress of the commands on stderr; none where that is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm


@contextmanager
def percent_bar() -> Iterator[Callable[[float, str], None]]:
    """A bar of something with a fraction done and a text that changes."""
    with tqdm(total=100, unit="%", file=sys.stderr, disable=None, leave=False) as bar:

        def report(fraction: float, text: str) -> None:
            bar.set_description(text)
            bar.update(100 * fraction - bar.n)

        yield report


@contextmanager
def byte_bar(text: str) -> Iterator[Callable[[int, int], None]]:
    """A bar of bytes: how many are done, and of how many."""
    with tqdm(
        desc=text, unit="B", unit_scale=True, file=sys.stderr, disable=None, leave=False
    ) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show
