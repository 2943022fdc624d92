"""Where the next synthesis may start when only later rows of ws change.

The activations before the layers that changed last are kept, and those before the mixed rows;
few, as they are large.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from networks.stop import Stop
from renderer.messages import LayerInfo, SynthesisSpec

MAX_KEPT = 4  # waypoints: the first ones, as rows mostly change together


@dataclass(frozen=True)
class Waypoint:
    """A stop of a synthesis, and what was seen of it before."""

    stop: Stop
    layers: tuple[LayerInfo, ...]
    num_uses: dict[str, int]  # of each name


class Walk:
    """One synthesis: where it starts, and which waypoints it leaves."""

    def __init__(
        self,
        start: Waypoint | None,
        kept: dict[int, Waypoint],
        wanted: set[int],
        budget_bytes: int,
    ) -> None:
        self.start = start
        self._kept = kept
        self._wanted = wanted
        self._budget_bytes = budget_bytes

    def wants(self, stop: Stop) -> bool:
        """It is worth its memory; the first stop of a row is, later ones would read the row."""
        if stop.row not in self._wanted or stop.row in self._kept or len(self._kept) >= MAX_KEPT:
            return False
        return _num_bytes(self._kept) + stop.nbytes <= self._budget_bytes

    def leave(self, waypoint: Waypoint) -> None:
        self._kept[waypoint.stop.row] = waypoint


class Trail:
    """The waypoints of the last synthesis of a view."""

    def __init__(self, budget_bytes: int) -> None:
        self._budget_bytes = budget_bytes
        self._spec: SynthesisSpec | None = None
        self._ws: torch.Tensor | None = None
        self._kept: dict[int, Waypoint] = {}  # by row

    @property
    def nbytes(self) -> int:
        return _num_bytes(self._kept)

    def begin(
        self, spec: SynthesisSpec, ws: torch.Tensor, mix_rows: Sequence[int], layer: str
    ) -> Walk:
        """A synthesis begins; waypoints that are not true for it are forgotten.

        Args:
            ws: [1, num_ws, w_dim].
            mix_rows: those that will change when the mixing seed does.
            layer: the layer wanted; the synthesis must not start behind it.
        """
        changed = self._changed_rows(spec, ws)
        first = changed[0] if changed else ws.shape[1]
        true = {row: point for row, point in self._kept.items() if row <= first}
        may_start = [row for row in true if not _has(true[row], layer)]
        start = max(may_start, default=None)
        wanted = set(mix_rows) | set(changed if first > 0 else ())
        if start is not None:
            wanted.add(start)
        # A new dictionary: a walk that this one interrupts goes on with its own.
        self._kept = {row: true[row] for row in true if row in wanted or not changed}
        self._spec, self._ws = spec, ws
        return Walk(true.get(start or 0), self._kept, wanted, self._budget_bytes)

    def _changed_rows(self, spec: SynthesisSpec, ws: torch.Tensor) -> list[int]:
        if self._ws is None or self._spec != spec:
            return list(range(ws.shape[1]))
        rows: list[int] = (self._ws != ws).any(dim=2)[0].nonzero().flatten().tolist()
        return rows


def _has(point: Waypoint, layer: str) -> bool:
    return any(seen.name == layer for seen in point.layers)


def _num_bytes(points: dict[int, Waypoint]) -> int:
    return sum(point.stop.nbytes for point in points.values())
