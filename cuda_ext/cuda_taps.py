"""Filters as the CUDA kernels take them: numbers on the host, in the order of the kernel."""

import weakref
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Taps:
    """Correlation taps of one filter."""

    rows: tuple[tuple[float, ...], ...]  # [y][x]; separable: one row for both axes
    separable: bool

    @property
    def size(self) -> tuple[int, int]:
        """Taps along y and x."""
        return (len(self.rows[0]) if self.separable else len(self.rows)), len(self.rows[0])

    @property
    def mirrored(self) -> bool:
        """Whether a 2-D filter equals its vertical mirror image."""
        return not self.separable and self.rows == self.rows[::-1]

    def up_values(self, up: int, gain: float) -> list[float]:
        """Times gain, each axis filled up with zeros to a multiple of `up`."""
        if self.separable:
            line = _padded(self.rows[0], up)
            return [gain * tap for tap in line] + line
        width = len(_padded(self.rows[0], up))
        lines = [[gain * tap for tap in _padded(row, up)] for row in self.rows]
        lines += [[0.0] * width] * (-len(lines) % up)
        return [tap for line in lines for tap in line]

    def down_values(self) -> list[float]:
        """Separable: the taps of both axes; else row by row."""
        rows = self.rows * 2 if self.separable else self.rows
        return [tap for row in rows for tap in row]


_IDENTITY = Taps(((1.0,),), separable=True)
_kept: dict[tuple[int, bool], tuple[weakref.ref[torch.Tensor], int, Taps]] = {}


def taps_on_host(f: torch.Tensor | None, reverse: bool) -> Taps:
    """The taps of a filter; read from the GPU once, as long as the tensor is not changed.

    Args:
        f: None, [taps] or [taps_y, taps_x].
        reverse: whether the filter is meant as a convolution.
    """
    if f is None:
        return _IDENTITY
    if f.is_inference():
        return _read(f, reverse)  # nothing tells whether it was changed since
    key = (id(f), reverse)
    if key in _kept:
        reference, version, taps = _kept[key]
        if reference() is f and version == f._version:
            return taps
    taps = _read(f, reverse)

    def forget(_: object) -> None:
        _kept.pop(key, None)

    _kept[key] = (weakref.ref(f, forget), f._version, taps)
    return taps


def _read(f: torch.Tensor, reverse: bool) -> Taps:
    values = f.detach().float().cpu()
    values = values.flip(list(range(values.ndim))) if reverse else values
    rows = values.tolist() if f.ndim == 2 else [values.tolist()]
    return Taps(tuple(tuple(row) for row in rows), separable=f.ndim == 1)


def _padded(line: tuple[float, ...], up: int) -> list[float]:
    return [*line, *[0.0] * (-len(line) % up)]
