// 3x3 convolutions as matrix products on channels-last memory, through Winograd's transform
// F(4x4, 3x3), which needs a quarter of the multiplications.
//
// A unit of work is a group of tiles of 4x4 outputs. Its inputs are transformed once into rows
// [position][tile][channel]; then, for one panel of output channels after the other, each position
// is one small product with constant packed weights, whose results stay in the nearest caches until
// they are transformed back and stored.
//
// Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (CVPR 2016). The points are
// 0, +-3/4, +-3/2 and infinity: a third of the error of the usual 0, +-1, +-2, and exact in binary.
#pragma once

#include "panel.h"
#include "winograd_points.h"

namespace loupe {
namespace {

constexpr int winograd_tile = 4, winograd_positions = 36;

// ROWS x panel_width results: rows of `a` (apart by `step`) times the packed panel `b`.
template <int ROWS>
void product(const float* a, std::int64_t step, const float* b, int depth, float* to) {
    Vec sums[ROWS][panel_vectors];
    LOUPE_UNROLL(14)
    for (int r = 0; r < ROWS; ++r) sums[r][0] = sums[r][1] = splat(0.0f);
    constexpr int half = (ROWS + 1) / 2;
    const float* lower = a + half * step;
    for (int k = 0; k < depth; ++k, ++a, ++lower, b += panel_width) {
        const Vec b0 = load(b), b1 = load(b + Vec::lanes);
        LOUPE_PREFETCH(b + 8 * panel_width);
        LOUPE_PREFETCH(b + 8 * panel_width + Vec::lanes);
        LOUPE_UNROLL(14)
        for (int r = 0; r < ROWS; ++r) {
            const Vec value = splat(r < half ? a[r * step] : lower[(r - half) * step]);
            sums[r][0] = fma(value, b0, sums[r][0]);
            sums[r][1] = fma(value, b1, sums[r][1]);
        }
    }
    LOUPE_UNROLL(14)
    for (int r = 0; r < ROWS; ++r) {
        store(to + r * panel_width, sums[r][0]);
        store(to + r * panel_width + Vec::lanes, sums[r][1]);
    }
}

// `rows` results per panel; fewer than product_rows at the end.
template <int ROWS = product_rows>
void product_of(int rows, const float* a, std::int64_t step, const float* b, int depth,
                float* to) {
    if constexpr (ROWS > 0) {
        for (; rows >= ROWS; rows -= ROWS, a += ROWS * step, to += ROWS * panel_width) {
            product<ROWS>(a, step, b, depth, to);
        }
        if (rows > 0) product_of<ROWS - 1>(rows, a, step, b, depth, to);
    }
}

// One line of the input transform: six samples to six points.
LOUPE_INLINE void points_of(const Vec* d, Vec* t) {
    using namespace winograd;
    const Vec a2 = splat(A2), b2 = splat(B2), product = splat(A2 * B2), sum = splat(A2 + B2);
    const Vec zero = splat(0.0f);
    const Vec even_a = d[4] - b2 * d[2], odd_a = splat(A) * (d[3] - b2 * d[1]);
    const Vec even_b = d[4] - a2 * d[2], odd_b = splat(B) * (d[3] - a2 * d[1]);
    t[0] = fma(product, d[0], fma(zero - sum, d[2], d[4]));
    t[1] = even_a + odd_a;
    t[2] = even_a - odd_a;
    t[3] = even_b + odd_b;
    t[4] = even_b - odd_b;
    t[5] = fma(product, d[1], fma(zero - sum, d[3], d[5]));
}

// One line of the output transform: six points to four results.
LOUPE_INLINE void results_of(const Vec* m, Vec* y) {
    using namespace winograd;
    const Vec even_a = m[1] + m[2], odd_a = m[1] - m[2];
    const Vec even_b = m[3] + m[4], odd_b = m[3] - m[4];
    y[0] = m[0] + even_a + even_b;
    y[1] = fma(splat(A), odd_a, splat(B) * odd_b);
    y[2] = fma(splat(A2), even_a, splat(B2) * even_b);
    y[3] = fma(splat(A * A2), odd_a, fma(splat(B * B2), odd_b, m[5]));
}

// Where a tile lies.
struct TileAt {
    int image, row, column;  // of its first output
};

inline TileAt tile_at(const ConvTask& task, std::int64_t tile) {
    const int column = static_cast<int>(tile % task.tiles_x);
    const std::int64_t rest = tile / task.tiles_x;
    const int row = static_cast<int>(rest % task.tiles_y);
    return {static_cast<int>(rest / task.tiles_y), row * winograd_tile, column * winograd_tile};
}

// Inputs of one tile, scaled, to `points` rows `position_step` apart.
template <class T>
void load_tile(const ConvTask& task, const TileAt& at, std::int64_t position_step, float* to) {
    const T* image = static_cast<const T*>(task.x) + at.image * task.x_stride.n;
    const float* scale = task.x_scale ? task.x_scale + std::int64_t(at.image) * task.c : nullptr;
    const int top = at.row - task.pad, left = at.column - task.pad;
    for (int c = 0; c < task.c; c += Vec::lanes) {
        const int count = task.c - c < Vec::lanes ? task.c - c : Vec::lanes;
        const Vec factor = scale ? load_channels(scale + c, count) : splat(1.0f);
        Vec wide[6][6];  // [point along y][column]
        for (int x = 0; x < 6; ++x) {
            Vec line[6], points[6];
            const bool inside_x = left + x >= 0 && left + x < task.w;
            for (int y = 0; y < 6; ++y) {
                const bool inside = inside_x && top + y >= 0 && top + y < task.h;
                const T* from =
                    image + (top + y) * task.x_stride.h + (left + x) * task.x_stride.w + c;
                line[y] = inside ? load_channels(from, count) * factor : splat(0.0f);
            }
            points_of(line, points);
            for (int y = 0; y < 6; ++y) wide[y][x] = points[y];
        }
        for (int y = 0; y < 6; ++y) {
            Vec points[6];
            points_of(wide[y], points);
            for (int x = 0; x < 6; ++x) {
                store(to + (y * 6 + x) * position_step + c, points[x]);
            }
        }
    }
}

// Results of one tile for the output channels from `channel` on.
template <class T>
void store_tile(const ConvTask& task, const TileAt& at, int channel, const float* from,
                std::int64_t position_step) {
    T* image = static_cast<T*>(task.y) + at.image * task.y_stride.n;
    const float* scale = task.y_scale ? task.y_scale + std::int64_t(at.image) * task.o : nullptr;
    for (int v = 0; v < panel_vectors; ++v, channel += Vec::lanes, from += Vec::lanes) {
        const int rest = task.o - channel;
        if (rest <= 0) return;
        const int count = rest < Vec::lanes ? rest : Vec::lanes;
        const Vec factor = scale ? load_channels(scale + channel, count) : splat(1.0f);
        const Vec bias = task.bias ? load_channels(task.bias + channel, count) : splat(0.0f);
        Vec lines[4][6];  // [result along y][point along x]
        for (int x = 0; x < 6; ++x) {
            Vec points[6], results[4];
            for (int y = 0; y < 6; ++y) points[y] = load(from + (y * 6 + x) * position_step);
            results_of(points, results);
            for (int y = 0; y < 4; ++y) lines[y][x] = results[y];
        }
        for (int y = 0; y < 4 && at.row + y < task.out_h; ++y) {
            Vec results[4];
            results_of(lines[y], results);
            T* to = image + (at.row + y) * task.y_stride.h + at.column * task.y_stride.w + channel;
            for (int x = 0; x < 4 && at.column + x < task.out_w; ++x, to += task.y_stride.w) {
                store_channels(to, count, fma(results[x], factor, bias));
            }
        }
    }
}

// Scratch of a unit: transformed inputs, then the results of one panel. Positions lie apart by a
// line more than their rows fill, so that a tile's positions do not compete for one cache set.
struct ConvLayout {
    std::int64_t row, inputs, results;  // floats per input row and per position
};

inline ConvLayout conv_layout(const ConvTask& task, int tiles) {
    const std::int64_t row = (task.c + 15) / 16 * 16 + 16;
    return {row, tiles * row + 16, tiles * panel_width + 16};
}

inline std::int64_t conv_floats(const ConvTask& task, int tiles) {
    const ConvLayout at = conv_layout(task, tiles);
    return winograd_positions * (at.inputs + at.results);
}

template <class T>
void conv_typed(const ConvTask& task, std::int64_t first, int tiles, float* scratch) {
    const ConvLayout at = conv_layout(task, tiles);
    float* results = scratch + winograd_positions * at.inputs;
    for (int t = 0; t < tiles; ++t) {
        load_tile<T>(task, tile_at(task, first + t), at.inputs, scratch + t * at.row);
    }
    const float* weights = task.weights;
    for (int channel = 0; channel < task.o; channel += panel_width) {
        for (int p = 0; p < winograd_positions; ++p, weights += std::int64_t(task.c) * panel_width) {
            product_of(tiles, scratch + p * at.inputs, at.row, weights, task.c,
                       results + p * at.results);
        }
        for (int t = 0; t < tiles; ++t) {
            store_tile<T>(task, tile_at(task, first + t), channel, results + t * panel_width,
                          at.results);
        }
    }
}

}  // namespace
}  // namespace loupe
