// The second half of a tile: from the ring of activated rows to the output.
#pragma once

#include "filtered_lrelu_geometry.h"

namespace loupe {

template <class G>
LOUPE_DEVICE void store_output(const Params<G>& p, const Tile<G>& tile, int c, int row, int col,
                               float value) {
    const int oy = tile.row + row, ox = tile.col + col, channel = tile.channel + c;
    if (row >= tile.num_rows || ox >= p.out_w || channel >= p.channels) return;
    if (p.y_scale) value *= p.y_scale[static_cast<long long>(tile.n) * p.channels + channel];
    typename G::T* y = static_cast<typename G::T*>(p.y) + tile.n * p.y_n + channel * p.y_c;
    store(value, y + (oy * p.y_y + ox * p.y_x));
}

// Pointers to rows [first, first + count) of the middle ring.
template <class G, int count>
struct MidRows {
    const float* row[count];

    LOUPE_DEVICE MidRows(const Shared<G>& s, int first, int c) {
        int slot = first % G::mid_ring;
        LOUPE_UNROLL_ALL
        for (int i = 0; i < count; ++i) {
            row[i] = s.mid + slot * G::mid_pitch * G::channels + c;
            slot = slot + 1 == G::mid_ring ? 0 : slot + 1;
        }
    }
};

// Separable: block_rows outputs of one column, filtered along y.
template <class G>
LOUPE_DEVICE void down_column(const Params<G>& p, const Tile<G>& tile, const Shared<G>& s,
                              int row, int col, int c) {
    constexpr int count = (G::block_rows - 1) * G::down + G::down_y;
    const MidRows<G, count> rows(s, row * G::down + G::phase_y, c);
    float values[count];
    LOUPE_UNROLL_ALL
    for (int i = 0; i < count; ++i) values[i] = rows.row[i][col * G::channels];
    LOUPE_UNROLL_ALL
    for (int o = 0; o < G::block_rows; ++o) {
        float sum = 0.0f;
        LOUPE_UNROLL_ALL
        for (int t = 0; t < G::down_y; ++t) sum += p.down_taps[t] * values[o * G::down + t];
        store_output(p, tile, c, row + o, col, sum);
    }
}

// Not separable: block_rows × (tile_w / segments) outputs. A column of samples adds to all the
// outputs in flight, so each sample is read once per row block; a filter that is symmetric about
// its horizontal axis (`fold`) adds mirrored rows first and needs half of the products.
template <class G>
struct DownBlock {
    static constexpr int num_rows = (G::block_rows - 1) * G::down + G::down_y;
    static constexpr int in_flight = ceil_div(G::down_x, G::down);
    static constexpr int width = G::tile_w / G::segments;
    static constexpr int taps_y = G::fold ? ceil_div(G::down_y, 2) : G::down_y;
    float sums[G::block_rows][in_flight];

    LOUPE_DEVICE void clear() {
        LOUPE_UNROLL_ALL
        for (int r = 0; r < G::block_rows; ++r) {
            LOUPE_UNROLL_ALL
            for (int a = 0; a < in_flight; ++a) sums[r][a] = 0.0f;
        }
    }

    // Column `j` of step `n`: output n - a sees it at tap down * a + j.
    LOUPE_DEVICE void add_column(const Params<G>& p, const float (&column)[num_rows], int n,
                                 int j) {
        LOUPE_UNROLL_ALL
        for (int r = 0; r < G::block_rows; ++r) {
            LOUPE_UNROLL_ALL
            for (int k = 0; k < taps_y; ++k) {
                const int mirrored = G::down_y - 1 - k;
                float value = column[r * G::down + k];
                if (G::fold && mirrored != k) value += column[r * G::down + mirrored];
                LOUPE_UNROLL_ALL
                for (int a = 0; a < in_flight; ++a) {
                    const int t = G::down * a + j, out = n - a;
                    if (t >= G::down_x || out < 0 || out >= width) continue;
                    sums[r][a] += p.down_taps[k * G::down_x + t] * value;
                }
            }
        }
    }

    LOUPE_DEVICE void advance() {
        LOUPE_UNROLL_ALL
        for (int r = 0; r < G::block_rows; ++r) {
            LOUPE_UNROLL_ALL
            for (int a = in_flight - 1; a > 0; --a) sums[r][a] = sums[r][a - 1];
            sums[r][0] = 0.0f;
        }
    }
};

template <class G>
LOUPE_DEVICE void down_block(const Params<G>& p, const Tile<G>& tile, const Shared<G>& s, int row,
                             int segment, int c) {
    using Block = DownBlock<G>;
    Block block;
    block.clear();
    const MidRows<G, Block::num_rows> rows(s, row * G::down + G::phase_y, c);
    const int first = segment * Block::width;
    LOUPE_UNROLL(G::unroll_down)
    for (int n = 0; n < Block::width + Block::in_flight - 1; ++n) {
        LOUPE_UNROLL_ALL
        for (int j = 0; j < G::down; ++j) {
            // the last step may reach past the samples that the filter needs
            const int x = n * G::down + j;
            if (x >= (Block::width - 1) * G::down + G::down_x) continue;
            const int col = first * G::down + G::phase_x + x;
            float column[Block::num_rows];
            LOUPE_UNROLL_ALL
            for (int i = 0; i < Block::num_rows; ++i) column[i] = rows.row[i][col * G::channels];
            block.add_column(p, column, n, j);
        }
        const int out = n - (Block::in_flight - 1);
        if (out >= 0) {
            LOUPE_UNROLL_ALL
            for (int r = 0; r < G::block_rows; ++r) {
                const float value = block.sums[r][Block::in_flight - 1];
                store_output(p, tile, c, row + r, first + out, value);
            }
        }
        block.advance();
    }
}

// The outputs of one step.
template <class G>
LOUPE_DEVICE void down_rows(const Params<G>& p, const Tile<G>& tile, const Shared<G>& s, int tid,
                            int step) {
    constexpr int across = G::down_2d ? G::segments : G::tile_w;
    constexpr int count = G::rows / G::block_rows * across;
    for (int item = tid; item < count * G::channels; item += G::threads) {
        // neighbouring threads write neighbouring addresses
        const int c = item % G::channels, at = item / G::channels;
        const int row = step * G::rows + at / across * G::block_rows;
        if constexpr (G::down_2d) {
            down_block(p, tile, s, row, at % across, c);
        } else {
            down_column(p, tile, s, row, at % across, c);
        }
    }
}

}  // namespace loupe
