"""How the time of a picture divides into convolution, filters and the rest."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import torch.nn.functional as F

import cuda_ext
from cuda_ext import cpu_layer

STYLED = sys.modules["cuda_ext.styled_layer"]  # the package's attribute is the function
CONVOLUTIONS = (
    (F, "conv2d"),
    (F, "conv_transpose2d"),
    (cuda_ext, "modulated_conv2d"),
    (STYLED, "modulated_conv2d"),
)
FILTERS = (
    (cuda_ext, "filtered_lrelu"),
    (cuda_ext, "upfirdn2d"),
    (cuda_ext, "bias_act"),
    (STYLED, "filtered_lrelu"),
)


class Clock:
    """Seconds per kind of work; a call inside another belongs to the outer one."""

    def __init__(self) -> None:
        self.seconds = {"conv": 0.0, "filter": 0.0}
        self._inside = False

    def note_layer(self, seconds: tuple[float, float]) -> None:
        """What the native call of a whole layer says of itself."""
        self.seconds["conv"] += seconds[0]
        self.seconds["filter"] += seconds[1]

    def timed(self, function: Callable[..., Any], kind: str) -> Callable[..., Any]:
        """The function with its time added to a kind."""

        def run(*args: Any, **kwargs: Any) -> Any:
            if self._inside:
                return function(*args, **kwargs)
            self._inside = True
            begin = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                self.seconds[kind] += time.perf_counter() - begin
                self._inside = False

        return run


@contextmanager
def watched() -> Iterator[Clock]:
    """Measures every operator that runs inside."""
    clock = Clock()
    with ExitStack() as stack:
        stack.enter_context(patch.object(cpu_layer, "spent", clock.note_layer))
        for places, kind in ((CONVOLUTIONS, "conv"), (FILTERS, "filter")):
            for owner, name in places:
                function = clock.timed(getattr(owner, name), kind)
                stack.enter_context(patch.object(owner, name, function))
        yield clock
