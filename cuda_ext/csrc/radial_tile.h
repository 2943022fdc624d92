// The radial 12 x 12 down filter: outputs of a few columns from 12 activated rows, in registers.
//
// Rows k and 11 - k of the filter have equal taps, and so have columns j and 11 - j: 42 products and
// about 50 sums per output. Sums wait in registers, so that nothing but activated rows is read.
#pragma once

#include "strip_common.h"

namespace loupe {
namespace {

#ifdef LOUPE_AVX512
constexpr int radial_columns = 8;  // with twelve column sums and six taps, of 32 registers
#else
constexpr int radial_columns = 4;
#endif

// Adds the taps of rows k and 11 - k to the sums of COLUMNS outputs.
template <int COLUMNS>
LOUPE_INLINE void add_row_pair(const float* taps, const Vec* upper, const Vec* lower, Vec* sums) {
    Vec g[6], e[COLUMNS + 5], o[COLUMNS + 5];  // even and odd columns
    LOUPE_UNROLL(6)
    for (int j = 0; j < 6; ++j) g[j] = splat(taps[j]);
    LOUPE_UNROLL(5)
    for (int j = 0; j < 5; ++j) {
        e[j] = upper[2 * j] + lower[2 * j];
        o[j] = upper[2 * j + 1] + lower[2 * j + 1];
    }
    LOUPE_UNROLL(8)
    for (int x = 0; x < COLUMNS; ++x) {
        const int j = x + 5;
        e[j] = upper[2 * j] + lower[2 * j];
        o[j] = upper[2 * j + 1] + lower[2 * j + 1];
        // taps 2m of the even columns equal taps 11 - 2m of the odd ones; one pair is not added
        // first, as some processors add and multiply in different units, and additions prevail
        sums[x] = fma(o[j], g[0], fma(e[x], g[0], sums[x]));
        LOUPE_UNROLL(5)
        for (int m = 1; m < 6; ++m) sums[x] = fma(e[x + m] + o[j - m], g[m], sums[x]);
    }
}

// Outputs `to`, `to` + step ... from rows that begin at the first output's first tap.
template <class T, int COLUMNS>
void radial_tile(const FilterTask& task, const Block& block, const Vec* const* rows, int first,
                 T* to) {
    Vec sums[COLUMNS];
    LOUPE_UNROLL(8)
    for (int x = 0; x < COLUMNS; ++x) sums[x] = splat(0.0f);
    for (int k = 0; k < 6; ++k) {
        add_row_pair<COLUMNS>(task.folded.radial[k], rows[k] + first, rows[11 - k] + first, sums);
    }
    LOUPE_UNROLL(8)
    for (int x = 0; x < COLUMNS; ++x, to += task.y_stride.w) {
        store_block(to, block, sums[x] * block.y_scale);
        LOUPE_PREFETCH_WRITE(to + 2 * task.y_stride.h);
    }
}

// `count` output rows, two activated rows apart.
template <class T, int COLUMNS>
int radial_tiles(const FilterTask& task, const Strip& strip, const Block& block,
                 const Vec* const* rows, int row, int count, int x) {
    for (; x + COLUMNS <= strip.width; x += COLUMNS) {
        for (int r = 0; r < count; ++r) {
            T* to = output<T>(task, strip, row + r) + x * task.y_stride.w;
            radial_tile<T, COLUMNS>(task, block, rows + 2 * r, 2 * x, to);
        }
    }
    return x;
}

template <class T>
void radial_rows(const FilterTask& task, const Strip& strip, const Block& block,
                 const Vec* const* rows, int row, int count) {
    int x = radial_tiles<T, radial_columns>(task, strip, block, rows, row, count, 0);
    x = radial_tiles<T, 4>(task, strip, block, rows, row, count, x);
    radial_tiles<T, 1>(task, strip, block, rows, row, count, x);
}

}  // namespace
}  // namespace loupe
