"""Arguments of the CUDA kernels as bytes, and the number of their blocks."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from cuda_ext.cuda_case import BiasActCase, Case

_WANTED_BLOCKS = 2048  # several for each place on a large GPU
_MIN_STEPS = 4  # steps of a block: its first rows are work that the block above does too


@dataclass(frozen=True)
class FilterArguments:
    """What a call of filtered_lrelu passes to its kernel."""

    x: int  # addresses; 0 is null
    y: int
    b: int
    x_scale: int
    y_scale: int
    pattern: int
    x_strides: tuple[int, int, int, int]  # n, c, h, w in elements
    y_strides: tuple[int, int, int, int]
    images: int
    channels: int
    in_size: tuple[int, int]
    out_size: tuple[int, int]
    first_row: int  # input row and column of the first group
    first_col: int
    pattern_size: tuple[int, int]
    pattern_row: int  # where the pattern has the first sample of the first group
    pattern_col: int
    slope: float
    clamp: float
    up_taps: Sequence[float]
    down_taps: Sequence[float]


def pack_params(case: Case, a: FilterArguments) -> tuple[bytes, int]:
    """`Params` of filtered_lrelu_geometry.h, and the number of blocks."""
    tiling, layout = case.tiling, case.layout
    tiles_x = -(-a.out_size[1] // tiling.tile_w)
    channel_blocks = -(-a.channels // tiling.channels)
    chunk_rows, chunks = _chunks(a.out_size[0], tiling.rows, a.images * tiles_x * channel_blocks)
    ints = (
        *(a.channels, *a.in_size, *a.out_size, a.first_row, a.first_col),
        *(chunk_rows, chunks, tiles_x, channel_blocks),
        *(*a.pattern_size, a.pattern_row, a.pattern_col),
    )
    taps = (*a.up_taps, *a.down_taps)
    assert len(a.up_taps) == layout.num_up_taps
    assert len(a.down_taps) == layout.num_down_taps
    data = struct.pack(
        f"<6Q8q15i2f{len(taps)}f",
        *(a.x, a.y, a.b, a.x_scale, a.y_scale, a.pattern),
        *(*a.x_strides, *a.y_strides),
        *ints,
        *(a.slope, a.clamp),
        *taps,
    )
    return data.ljust(layout.params_bytes, b"\0"), a.images * chunks * tiles_x * channel_blocks


def pack_bias_act(
    case: BiasActCase,
    addresses: tuple[int, int, int],
    shape: tuple[int, int, int],
    scalars: tuple[float, float, float],
) -> tuple[bytes, int]:
    """`BiasActParams` of bias_act.h for x, y, b of [outer, channels, inner], and the blocks."""
    outer, channels, inner = shape
    count = outer * channels * inner
    data = struct.pack("<3Q2qi3f", *addresses, count, inner, channels, *scalars)
    return data, -(-count // (case.threads * case.per_thread))


def _chunks(height: int, rows: int, strips: int) -> tuple[int, int]:
    """Rows of a chunk (whole steps) and the number of chunks."""
    steps = -(-height // rows)
    chunks = min(max(_WANTED_BLOCKS // max(strips, 1), 1), max(steps // _MIN_STEPS, 1))
    chunk_rows = -(-steps // chunks) * rows
    return chunk_rows, -(-height // chunk_rows)
