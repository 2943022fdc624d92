// What both strip kernels do: loading rows of a channel block, and storing results.
#pragma once

#include "simd.h"
#include "task.h"

namespace loupe {
namespace {

LOUPE_INLINE int ceil_div(int a, int b) { return a >= 0 ? (a + b - 1) / b : -((-a) / b); }
LOUPE_INLINE int smaller(int a, int b) { return a < b ? a : b; }
LOUPE_INLINE int larger(int a, int b) { return a > b ? a : b; }

// Per-channel constants of a strip.
struct Block {
    int count;  // channels in use
    Vec bias, x_scale, y_scale;
};

LOUPE_INLINE Vec block_values(const float* values, int count, float missing) {
    if (!values) return splat(missing);
    return count == Vec::lanes ? load(values) : load_some(values, count);
}

inline Block make_block(const FilterTask& task, const Strip& strip) {
    const int count = smaller(Vec::lanes, task.c - strip.channel);
    const std::int64_t image = std::int64_t(strip.n) * task.c + strip.channel;
    return {count,
            block_values(task.bias ? task.bias + strip.channel : nullptr, count, 0.0f),
            block_values(task.x_scale ? task.x_scale + image : nullptr, count, 1.0f),
            block_values(task.y_scale ? task.y_scale + image : nullptr, count, 1.0f)};
}

template <class T>
LOUPE_INLINE Vec load_block(const T* p, const Block& block) {
    return block.count == Vec::lanes ? load(p) : load_some(p, block.count);
}

template <class T>
LOUPE_INLINE void store_block(T* p, const Block& block, Vec a) {
    if (block.count == Vec::lanes) {
        store(p, a);
    } else {
        store_some(p, block.count, a);
    }
}

// Input row `row`, columns [column, column + width), scaled and biased; zero outside the image.
// Returns the largest magnitudes, without NaNs.
template <class T>
Vec load_row(const FilterTask& task, const Strip& strip, const Block& block, int row, int column,
              int width, Vec* to) {
    const Vec zero = splat(0.0f);
    Vec largest = zero;
    const bool inside = row >= 0 && row < task.h;
    const int begin = inside ? smaller(larger(-column, 0), width) : width;
    const int end = inside ? larger(smaller(task.w - column, width), begin) : width;
    for (int k = 0; k < begin; ++k) to[k] = zero;
    if (inside) {
        const T* from = static_cast<const T*>(task.x) + strip.n * task.x_stride.n +
                        row * task.x_stride.h + (column + begin) * task.x_stride.w + strip.channel;
        const std::int64_t next = row + 1 < task.h ? task.x_stride.h : 0;
        for (int k = begin; k < end; ++k, from += task.x_stride.w) {
            LOUPE_PREFETCH(from + next);
            const Vec value = fma(load_block(from, block), block.x_scale, block.bias);
            largest = max(absolute(value), largest);
            to[k] = value;
        }
    }
    for (int k = end; k < width; ++k) to[k] = zero;
    return largest;
}

template <class T>
LOUPE_INLINE T* output(const FilterTask& task, const Strip& strip, int row) {
    return static_cast<T*>(task.y) + strip.n * task.y_stride.n + row * task.y_stride.h +
           strip.column * task.y_stride.w + strip.channel;
}

}  // namespace
}  // namespace loupe
