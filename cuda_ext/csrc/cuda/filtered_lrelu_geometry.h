// Sizes of a tile of filtered_lrelu, all known at compile time.
//
// A block walks down a strip of `tile_w` output columns and `channels` channels, `rows` output
// rows per step. Up-sampled rows come in groups of `up` that read the same input rows. With
// v = uy - pad_y0 - 1, row uy is number v mod up of group floor(v / up), and its tap for input
// row floor(v / up) + 1 + m is taps[up * m + up - 1 - v mod up]. The first row that an output
// needs is number `phase_y` of its group; the same holds along x.
#pragma once

#include "portable.h"

namespace loupe {

LOUPE_DEVICE constexpr int max_of(int a, int b) { return a > b ? a : b; }
LOUPE_DEVICE constexpr int ceil_div(int a, int b) { return (a + b - 1) / b; }
LOUPE_DEVICE constexpr int common_multiple(int a, int b) {
    return a % b == 0 ? a : b % a == 0 ? b : a * b;
}

// Case `K`: up, down, up_y, up_x (taps), up_2d, down_y, down_x, down_2d, fold, phase_y, phase_x,
// dtype, mode (Mode), slope_kind (Slope), has_clamp, channels_last, tile_w, rows, channels,
// threads, block_rows, segments, max_code (instructions of an unrolled loop).
template <class K>
struct Geometry : K {
    using T = typename Storage<K::dtype>::type;

    // taps per phase and axis; the filter is filled up with zeros to a multiple of `up`
    static constexpr int in_taps_y = ceil_div(K::up_y, K::up);
    static constexpr int in_taps_x = ceil_div(K::up_x, K::up);

    // One step along x makes `step` up-sampled columns from step_in input columns and gives
    // step_out outputs; outputs come `lag` outputs late, when their last sample is there.
    static constexpr int step = common_multiple(K::up, K::down);
    static constexpr int step_in = step / K::up;
    static constexpr int step_out = step / K::down;
    static constexpr int lag = (K::down_x + K::phase_x - 1) / K::down;
    static constexpr int window = step + lag * K::down - K::phase_x;
    static constexpr int steps_x =
        ceil_div(K::phase_x + (K::tile_w - 1) * K::down + K::down_x, step);
    static constexpr int in_w = steps_x * step_in + in_taps_x - 1;
    static constexpr int up_w = steps_x * step;

    // Groups per step along y, and those that come before the first step.
    static constexpr int groups = K::rows * K::down / K::up;
    static constexpr int lead =
        ceil_div(max_of(0, K::phase_y + K::down_y - K::down), K::up);

    // Rings of rows. Odd pitches keep the lanes of a warp in different banks.
    static constexpr int in_ring = groups + in_taps_y - 1;
    static constexpr int in_pitch = in_w | 1;
    static constexpr int mid_ring = K::up * lead + K::rows * K::down;
    static constexpr int mid_pitch = (K::down_2d ? up_w : K::tile_w) | 1;

    static constexpr int padded_up_y = in_taps_y * K::up;
    static constexpr int padded_up_x = in_taps_x * K::up;
    static constexpr int num_up_taps =
        K::up_2d ? padded_up_y * padded_up_x : padded_up_y + padded_up_x;
    static constexpr int num_down_taps =
        K::down_2d ? K::down_y * K::down_x : K::down_y + K::down_x;

    // Windows of registers cost no moves where the loop around them is unrolled as a whole; very
    // long filters would make that too much code.
    static constexpr int up_cost =
        steps_x * (step_in * in_taps_y * (K::up + 1) + step * K::up * (in_taps_x + 6) +
                   (K::down_2d ? 0 : step_out * K::up * K::down_x)) *
        (K::up_2d ? in_taps_y : 1);
    static constexpr int unroll_up = up_cost <= K::max_code ? steps_x : 1;
    static constexpr int down_cost = K::block_rows * K::tile_w / K::segments * K::down_y *
                                     (K::down_x + K::down);
    static constexpr int unroll_down = down_cost <= K::max_code ? K::tile_w + K::down_x : 1;

    static_assert(K::rows * K::down % K::up == 0, "steps consist of whole groups");
    static_assert(K::tile_w * K::down % K::up == 0, "strips begin at a group");
    static_assert(K::rows % K::block_rows == 0, "whole row blocks");
    static_assert(K::tile_w % K::segments == 0, "whole segments");
    static_assert(K::threads % K::channels == 0, "a thread loads one channel");
};

enum Mode { forward_only, write_pattern, read_pattern };
enum Slope { linear, at_most_one, any_slope };

// In the order of `pack_params` in cuda_params.py.
template <class G>
struct Params {
    const void* x;
    void* y;
    const float *b, *x_scale, *y_scale;  // [channels], [n, channels], likewise; each may be null
    unsigned char* pattern;  // [n, pattern_h, pattern_w, channels]: bit 0 negative, bit 1 clamped
    long long x_n, x_c, x_y, x_x, y_n, y_c, y_y, y_x;  // strides in elements
    int channels, in_h, in_w, out_h, out_w;
    int first_row, first_col;  // input row and column of the first group
    int chunk_rows, chunks, tiles_x, channel_blocks;
    int pattern_h, pattern_w;
    int pattern_row, pattern_col;  // where the pattern has the first sample of the first group
    float slope, clamp;
    float up_taps[G::num_up_taps];  // gain included; rows, then columns; or [y][x]; as correlation
    float down_taps[G::num_down_taps];  // likewise
};

template <class G>
struct Shared {
    float in[G::in_ring * G::in_pitch * G::channels];
    float mid[G::mid_ring * G::mid_pitch * G::channels];
};

// Where a block works.
template <class G>
struct Tile {
    int n, channel, row, col, num_rows;  // first output row and column; output rows of the chunk
    int in_row, in_col;                  // input row and column that is number 0 in the tile

    LOUPE_DEVICE Tile(const Params<G>& p, int block) {
        channel = block % p.channel_blocks * G::channels;
        block /= p.channel_blocks;
        col = block % p.tiles_x * G::tile_w;
        block /= p.tiles_x;
        row = block % p.chunks * p.chunk_rows;
        n = block / p.chunks;
        num_rows = p.out_h - row < p.chunk_rows ? p.out_h - row : p.chunk_rows;
        in_row = p.first_row + row * G::down / G::up;
        in_col = p.first_col + col * G::down / G::up;
    }
};

}  // namespace loupe
