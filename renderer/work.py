"""What a frame or a job has cost, stage by stage."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Work:
    """Times of the stages that ran; what the caches saved is missing."""

    stage_ms: dict[str, float] = field(default_factory=dict)
    synthesis_runs: int = 0
    _nested_sec: float = 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time of the body; stages inside it count for themselves only."""
        begin_sec, outer_sec = time.perf_counter(), self._nested_sec
        self._nested_sec = 0.0
        try:
            yield
        finally:
            elapsed_sec = time.perf_counter() - begin_sec
            own_ms = (elapsed_sec - self._nested_sec) * 1000
            self.stage_ms[name] = self.stage_ms.get(name, 0.0) + own_ms
            self._nested_sec = outer_sec + elapsed_sec
