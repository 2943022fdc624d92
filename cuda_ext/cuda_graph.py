"""A function of tensors as a CUDA graph: its kernels are started at once instead of one by one.

A small generator spends most of a frame in starting kernels. Shapes and settings must be static;
each set of them gets a graph of its own.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol

import torch

logger = logging.getLogger(__name__)

_WARM_UP_ROUNDS = 2  # libraries choose their algorithms and reserve memory when first called
_MAX_GRAPHS = 8  # each holds the memory of one run

Function = Callable[..., Any]
"""From tensors to tensors, in any nesting of tuples and lists."""


class GraphBackend(Protocol):
    """What records and repeats the work of a device."""

    def warm_up(self, function: Callable[[], None], rounds: int) -> None:
        """Runs the function away from the work under way."""

    def capture(self, function: Callable[[], None]) -> Callable[[], None]:
        """Records the work of one run; what it returns repeats that work on the same memory."""


class TorchGraphs:
    """CUDA graphs of torch; all of them share one pool of memory, as results are copied out."""

    def __init__(self) -> None:
        self._pool: Any = None

    def warm_up(self, function: Callable[[], None], rounds: int) -> None:
        """Runs the function on a stream of its own."""
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(rounds):
                function()
        torch.cuda.current_stream().wait_stream(stream)

    def capture(self, function: Callable[[], None]) -> Callable[[], None]:
        """Records one run."""
        if self._pool is None:
            self._pool = torch.cuda.graph_pool_handle()
        graph = torch.cuda.CUDAGraph()
        # other threads may load a model meanwhile
        with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            function()
        replay: Callable[[], None] = graph.replay
        return replay


class _Recording:
    """One graph with the memory that it reads and writes."""

    def __init__(
        self, function: Function, inputs: Sequence[torch.Tensor], backend: GraphBackend
    ) -> None:
        self._inputs = [x.detach().clone() for x in inputs]
        self._output: Any = None

        def run() -> None:
            self._output = function(*self._inputs)

        backend.warm_up(run, _WARM_UP_ROUNDS)
        self._output = None  # its memory is free for the graph
        self._replay = backend.capture(run)

    def __call__(self, inputs: Sequence[torch.Tensor]) -> Any:
        for static, x in zip(self._inputs, inputs, strict=True):
            static.copy_(x)
        self._replay()
        return _cloned(self._output)  # the next replay writes over it


class GraphedFunction:
    """A function of tensors that is recorded when first called and repeated from then on.

    What the function reads besides its arguments (weights, say) must stay where it is in memory;
    after a change call `clear`. Results are copies. Where recording fails, the function is called
    plainly from then on, and `problem` says why.
    """

    def __init__(
        self,
        function: Function,
        backend: GraphBackend | None = None,
        max_graphs: int = _MAX_GRAPHS,
    ) -> None:
        self._function = function
        self._backend = TorchGraphs() if backend is None else backend
        self._max_graphs = max_graphs
        self._recordings: OrderedDict[Hashable, _Recording] = OrderedDict()
        self.problem: str | None = None

    def __call__(self, *inputs: torch.Tensor, **settings: Hashable) -> Any:
        """The function's result.

        Args:
            inputs: tensors; each set of shapes, dtypes and devices gets a graph.
            settings: further arguments, which stay as they are within a graph.
        """
        if self.problem is not None or _needs_gradient(inputs):
            return self._function(*inputs, **settings)
        key = (
            tuple((x.shape, x.dtype, x.device) for x in inputs),
            tuple(sorted(settings.items())),
        )
        recording = self._recordings.get(key) or self._record(key, inputs, settings)
        if recording is None:
            return self._function(*inputs, **settings)
        self._recordings.move_to_end(key)
        return recording(inputs)

    def clear(self) -> None:
        """Forgets all graphs."""
        self._recordings.clear()

    def _record(
        self, key: Hashable, inputs: Sequence[torch.Tensor], settings: dict[str, Hashable]
    ) -> _Recording | None:
        def function(*tensors: torch.Tensor) -> Any:
            return self._function(*tensors, **settings)

        while len(self._recordings) >= self._max_graphs:
            self._recordings.popitem(last=False)
        try:
            recording = _Recording(function, inputs, self._backend)
        except RuntimeError as error:
            self.problem = f"no CUDA graph: {str(error).partition(chr(10))[0]}"
            logger.warning("%s; kernels are started one by one", self.problem)
            self.clear()
            return None
        self._recordings[key] = recording
        return recording


def _needs_gradient(inputs: Sequence[torch.Tensor]) -> bool:
    return torch.is_grad_enabled() and any(x.requires_grad for x in inputs)


def _cloned(output: Any) -> Any:
    if isinstance(output, torch.Tensor):
        return output.clone()
    if isinstance(output, (tuple, list)):
        return type(output)(_cloned(part) for part in output)
    return output
