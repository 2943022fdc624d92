"""Cases of the CUDA kernels: what is constant in one compiled kernel, and the sizes of its tiles.

The formulas of `Layout` are those of `csrc/cuda/filtered_lrelu_geometry.h`; the kernel asserts at
compile time that both agree.
"""

import functools
import itertools
import math
from dataclasses import dataclass, fields
from pathlib import Path

FOLDER = Path(__file__).parent / "csrc" / "cuda"
MAX_SHARED_BYTES = 64 * 1024  # what a block may have on every generation from Turing on
MAX_PARAMS_BYTES = 4096  # of a kernel launch on every driver
FIXED_PARAMS_BYTES = 6 * 8 + 8 * 8 + 15 * 4 + 2 * 4  # what stands before the taps
MAX_FACTOR = 4
_MAX_CODE = 6000  # instructions of an unrolled loop; longer ones outgrow the instruction cache
_GOOD_SHARED_BYTES = 320  # per thread, so that an SM of 100 KB holds 10 warps

FORWARD_ONLY, WRITE_PATTERN, READ_PATTERN = range(3)
LINEAR, AT_MOST_ONE, ANY_SLOPE = range(3)


@dataclass(frozen=True)
class Problem:
    """What a call decides about its kernel."""

    up: int
    down: int
    up_y: int  # taps
    up_x: int
    up_2d: bool
    down_y: int
    down_x: int
    down_2d: bool
    fold: bool  # a 2-D down filter that equals its vertical mirror image
    phase_y: int  # number of the first up-sampled row within its group of `up`
    phase_x: int
    dtype: int  # 0 float32, 1 bfloat16, 2 float16
    mode: int
    slope_kind: int
    has_clamp: bool
    channels_last: bool


@dataclass(frozen=True)
class Tiling:
    """How the outputs are divided among blocks and threads."""

    tile_w: int  # output columns of a block
    rows: int  # output rows per step of a block
    channels: int  # of a block
    threads: int
    block_rows: int  # rows of outputs of one thread
    segments: int  # 2-D down filter: parts that tile_w is divided into
    max_code: int


@dataclass(frozen=True)
class Layout:
    """Sizes that follow from a problem and a tiling."""

    in_w: int
    up_w: int
    groups: int
    lead: int
    shared_bytes: int
    num_up_taps: int
    num_down_taps: int

    @property
    def params_bytes(self) -> int:
        """Size of the kernel's argument: a multiple of 8, as it begins with pointers."""
        size = FIXED_PARAMS_BYTES + 4 * (self.num_up_taps + self.num_down_taps)
        return -(-size // 8) * 8


@dataclass(frozen=True)
class Case:
    """One kernel of filtered_lrelu."""

    problem: Problem
    tiling: Tiling

    @property
    def layout(self) -> Layout:
        return lay_out(self.problem, self.tiling)

    @property
    def kernel(self) -> str:
        return "filtered_lrelu"

    @property
    def threads(self) -> int:
        return self.tiling.threads

    @property
    def shared_bytes(self) -> int:
        return self.layout.shared_bytes

    def constants(self) -> str:
        """`struct Case` as C++, to stand before the kernel's text."""
        values = _values(self.problem) | _values(self.tiling)
        values |= {"shared_bytes": self.shared_bytes, "params_bytes": self.layout.params_bytes}
        return _struct(values)


@dataclass(frozen=True)
class BiasActCase:
    """One kernel of bias_act."""

    dtype: int
    inner_is_one: bool  # channels-last
    threads: int = 256
    per_thread: int = 4

    kernel = "bias_act"
    shared_bytes = 0

    def constants(self) -> str:
        """`struct Case` as C++, to stand before the kernel's text."""
        return _struct(_values(self))


AnyCase = Case | BiasActCase


def source_of(case: AnyCase) -> str:
    """The text to compile for a case; its headers are `headers()`."""
    return f'{case.constants()}#include "{case.kernel}.cu"\n'


@functools.cache
def headers() -> dict[str, str]:
    """The kernels' texts by file name."""
    paths = sorted([*FOLDER.glob("*.h"), *FOLDER.glob("*.cu")])
    return {path.name: path.read_text(encoding="utf-8") for path in paths}


def lay_out(problem: Problem, tiling: Tiling) -> Layout:
    """Sizes of a tile, as in `Geometry`."""
    p, t = problem, tiling
    in_taps_y, in_taps_x = _ceil_div(p.up_y, p.up), _ceil_div(p.up_x, p.up)
    step = math.lcm(p.up, p.down)
    steps_x = _ceil_div(p.phase_x + (t.tile_w - 1) * p.down + p.down_x, step)
    in_w, up_w = steps_x * (step // p.up) + in_taps_x - 1, steps_x * step
    groups = t.rows * p.down // p.up
    lead = _ceil_div(max(0, p.phase_y + p.down_y - p.down), p.up)
    in_floats = (groups + in_taps_y - 1) * (in_w | 1)
    mid_floats = (p.up * lead + t.rows * p.down) * ((up_w if p.down_2d else t.tile_w) | 1)
    padded_y, padded_x = in_taps_y * p.up, in_taps_x * p.up
    return Layout(
        in_w=in_w,
        up_w=up_w,
        groups=groups,
        lead=lead,
        shared_bytes=4 * t.channels * (in_floats + mid_floats),
        num_up_taps=padded_y * padded_x if p.up_2d else padded_y + padded_x,
        num_down_taps=p.down_y * p.down_x if p.down_2d else p.down_y + p.down_x,
    )


def choose_case(problem: Problem, channels: int) -> Case | None:
    """The case with the least estimated work per output; None where nothing fits a block."""
    return _choose_case(problem, 16 if channels > 8 else 8 if channels > 4 else 4)


@functools.cache
def _choose_case(problem: Problem, max_channels: int) -> Case | None:
    best, best_cost = None, float("inf")
    for tile_w, rows, channels in itertools.product((4, 8, 16, 32), (4, 8, 16), (4, 8, 16)):
        if channels > max_channels:
            continue
        case = _case(problem, tile_w, rows, channels)
        layout = case.layout
        if layout.shared_bytes > MAX_SHARED_BYTES or layout.params_bytes > MAX_PARAMS_BYTES:
            continue
        cost = _estimated_cost(case)
        if cost < best_cost:
            best, best_cost = case, cost
    return best


def _case(problem: Problem, tile_w: int, rows: int, channels: int) -> Case:
    p = problem
    # steps consist of whole groups, and strips begin at a group
    unit = p.up if p.down % p.up else 1
    rows, tile_w = _round_up(rows, unit), _round_up(tile_w, unit)
    # as many as registers hold
    block_rows = next(n for n in range(4 if p.down_2d else 8, 0, -1) if rows % n == 0)
    threads = min(max(rows * p.down // p.up * channels, 64), 256)
    threads = max(_round_up(threads, 32) // channels, 1) * channels
    segments = 1
    if p.down_2d:
        wanted = threads * block_rows // (rows * channels)
        segments = max(n for n in range(1, max(wanted, 1) + 1) if tile_w % n == 0)
    # bytes of the pattern take registers, which windows of unrolled loops would not leave
    max_code = _MAX_CODE if p.mode == FORWARD_ONLY else 0
    return Case(problem, Tiling(tile_w, rows, channels, threads, block_rows, segments, max_code))


def _estimated_cost(case: Case) -> float:
    """Work of the up-sampling phase per output, with a penalty for idle threads and few warps."""
    p, t, layout = case.problem, case.tiling, case.layout
    overlap = (layout.up_w + layout.in_w * p.up) / (2 * t.tile_w * p.down)
    items = layout.groups * t.channels
    idle = _ceil_div(items, t.threads) * t.threads / items
    few_warps = max(1.0, layout.shared_bytes / t.threads / _GOOD_SHARED_BYTES)
    narrow = 1.0 if t.channels >= 8 else 1.5  # part of a memory sector
    return overlap * idle * few_warps * narrow


def _values(part: Problem | Tiling | BiasActCase) -> dict[str, int]:
    return {field.name: int(getattr(part, field.name)) for field in fields(part)}


def _struct(values: dict[str, int]) -> str:
    lines = [f"    static constexpr int {name} = {value};" for name, value in values.items()]
    return "\n".join(["struct Case {", *lines, "};", ""])


def _ceil_div(a: int, b: int) -> int:
    return -(-a // b)


def _round_up(a: int, b: int) -> int:
    return _ceil_div(a, b) * b
