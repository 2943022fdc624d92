// filtered_lrelu of strip_fast.h in half the arithmetic, for layers of reduced precision: samples
// are kept as pairs of bfloat16 that one instruction multiplies and adds to a float.
//
// A vector holds, for every channel of the block, two neighbouring samples: of a column (rows r and
// r + 1) before a filter along y, of a row before a filter along x. Filters are sums of products
// of two rows of taps, `rank` of them: one for a separable filter, a few for a radial one, whose
// other singular values are smaller than the rounding of the samples (see filter_pairs.h).
#pragma once

#include <cmath>

#include "strip_common.h"

#ifdef LOUPE_AVX512BF16

namespace loupe {
namespace {

using Pair = __m512i;

LOUPE_INLINE Pair splat_pair(std::uint32_t pair) {
    return _mm512_set1_epi32(static_cast<int>(pair));
}

LOUPE_INLINE Vec dot(Vec sum, Pair a, Pair b) {
    return {_mm512_dpbf16_ps(sum.v, (__m512bh)a, (__m512bh)b)};
}

// Word k of `low` beside word k of `high`.
LOUPE_INLINE __m512i word_order() {
    const __m512i lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i others = _mm512_add_epi32(lanes, _mm512_set1_epi32(16));
    return _mm512_or_si512(lanes, _mm512_slli_epi32(others, 16));
}

LOUPE_INLINE Pair pack(Vec low, Vec high, __m512i order) {
    const __m512i words = (__m512i)_mm512_cvtne2ps_pbh(high.v, low.v);
    return _mm512_permutexvar_epi16(order, words);
}

// The sum over six samples: three pairs, two apart.
LOUPE_INLINE Vec dot3(const Pair* from, const Pair* taps) {
    return dot(dot(dot(splat(0.0f), from[0], taps[0]), from[2], taps[1]), from[4], taps[2]);
}

// Sample `index` of the upsampled signal: the first of its six inputs, and the phase of its taps.
struct Sample {
    int first, phase;
};

inline Sample sample_at(int index, int pad, int up) {
    const int first = ceil_div(index - pad, up);
    return {first, first * up + pad - index};
}

struct PairLayout {
    Sample x;
    int first_row;  // of the inputs
    int pairs;      // of activated samples in a row
    int steps;      // groups of `up` samples
    int in_width, ring_row;
};

constexpr int rows_at_once = 4;  // of results: what they share is read once from the outer cache
constexpr int pair_ring = 5 + rows_at_once;
constexpr int input_ring = 8;  // rows of input pairs, at least seven

template <int UP>
PairLayout pair_layout(const FilterTask& task, int column, int row, int width) {
    PairLayout at;
    at.x = sample_at(2 * column, task.pad_x, UP);
    at.first_row = sample_at(2 * row, task.pad_y, UP).first;
    at.pairs = width + 5;
    at.steps = ceil_div(2 * at.pairs, UP);
    at.in_width = at.steps + 6;
    // odd, so that rows do not compete for cache sets
    at.ring_row = (width * task.pairs.rank) | 1;
    return at;
}

// Of one block of channels.
template <int UP>
std::int64_t strip_pair_floats(const FilterTask& task, int width) {
    const PairLayout at = pair_layout<UP>(task, 0, 0, width);
    const std::int64_t activated = std::int64_t(at.steps) * (UP / 2);
    return ((input_ring + 2) * std::int64_t(at.in_width) + 2 * activated +
            pair_ring * std::int64_t(at.ring_row)) * Vec::lanes;
}

template <int UP>
std::int64_t pair_floats(const FilterTask& task, int width) {
    return 2 * strip_pair_floats<UP>(task, width);
}

// Rows `row` and `row` + 1 of the input as pairs, zero outside the image. Returns whether nothing
// in the second of them, or the first where there is no second, can lead to a clamped value.
inline bool load_pairs(const FilterTask& task, const Strip& strip, int row, int column, int width,
                       Pair* to) {
    const int count = smaller(Vec::lanes, task.c - strip.channel);
    const auto mask = [&](int r) {
        return r >= 0 && r < task.h ? first_lanes(count) : __mmask16(0);
    };
    const __mmask16 upper_mask = mask(row), lower_mask = mask(row + 1);
    int begin = smaller(larger(-column, 0), width);
    int end = larger(smaller(task.w - column, width), begin);
    if (!(upper_mask | lower_mask)) begin = end = width;
    const Pair zero = _mm512_setzero_si512();
    for (int k = 0; k < begin; ++k) to[k] = zero;
    __m256i largest = _mm256_setzero_si256();
    if (begin < end) {
        const BFloat16* base = static_cast<const BFloat16*>(task.x) +
                               strip.n * task.x_stride.n + strip.channel +
                               (column + begin) * task.x_stride.w;
        const BFloat16* upper = base + (upper_mask ? row : row + 1) * task.x_stride.h;
        const BFloat16* lower = base + (lower_mask ? row + 1 : row) * task.x_stride.h;
        const std::int64_t next = row + 2 < task.h ? task.x_stride.h : 0, step = task.x_stride.w;
        const __m256i magnitude = _mm256_set1_epi16(0x7fff);
        const __m512i order = word_order();
        for (int k = begin; k < end; ++k, upper += step, lower += step) {
            LOUPE_PREFETCH(lower + next);
            const __m256i a = _mm256_maskz_loadu_epi16(upper_mask, upper);
            const __m256i b = _mm256_maskz_loadu_epi16(lower_mask, lower);
            largest = _mm256_max_epu16(largest, _mm256_and_si256(b, magnitude));
            to[k] = _mm512_permutexvar_epi16(
                order, _mm512_inserti64x4(_mm512_castsi256_si512(a), b, 1));
        }
    }
    for (int k = end; k < width; ++k) to[k] = zero;
    const __m256i limit = _mm256_set1_epi16(static_cast<short>(task.pairs.unclamped));
    return _mm256_cmpgt_epu16_mask(largest, limit) == 0;
}

// Two upsampled rows, as pairs of neighbouring columns. SAME: from the same six input rows.
template <bool SAME>
void up_pairs(const Pair* const* rows, const Pair* upper_taps, const Pair* lower_taps, int width,
              Pair* upper, Pair* lower) {
    Pair a[3], b[3];
    const Pair* q[6];
    for (int m = 0; m < 3; ++m) a[m] = upper_taps[m], b[m] = lower_taps[m];
    for (int m = 0; m < 6; ++m) q[m] = rows[m];
    const __m512i order = word_order();
    const auto sums = [&](int k, Vec& u, Vec& l) {
        const Pair p0 = q[0][k], p1 = q[2][k], p2 = q[4][k];
        u = dot(dot(dot(splat(0.0f), p0, a[0]), p1, a[1]), p2, a[2]);
        const Pair r0 = SAME ? p0 : q[1][k], r1 = SAME ? p1 : q[3][k], r2 = SAME ? p2 : q[5][k];
        l = dot(dot(dot(splat(0.0f), r0, b[0]), r1, b[1]), r2, b[2]);
    };
    Vec last_u, last_l;
    sums(0, last_u, last_l);
    for (int k = 1; k < width; ++k) {
        Vec u, l;
        sums(k, u, l);
        upper[k - 1] = pack(last_u, u, order);
        lower[k - 1] = pack(last_l, l, order);
        last_u = u, last_l = l;
    }
}

// Leaky ReLU, then the clamp.
struct PairActivation {
    Vec slope, low, high;
};

// Along a row: up, activation. The first sample wanted is the FIRST-th of its group.
template <int UP, int FIRST, bool CLAMP>
void activated_pairs(const Pair (&taps)[UP][3], const PairActivation& activation, const Pair* from,
                     int steps, Pair* to) {
    Pair own[UP][3];
    for (int j = 0; j < UP; ++j) {
        for (int m = 0; m < 3; ++m) own[j][m] = taps[j][m];
    }
    const PairActivation act = activation;
    const __m512i order = word_order();
    for (int s = 0; s < steps; ++s, ++from) {
        Vec u[UP];
        LOUPE_UNROLL(4)
        for (int i = 0; i < UP; ++i) {
            // samples of a group have falling phases; past its end the next group begins
            const Vec a = dot3(from + (FIRST + i) / UP, own[UP - 1 - (FIRST + i) % UP]);
            const Vec b = max(a * act.slope, a);
            u[i] = CLAMP ? max(act.low, min(act.high, b)) : b;
        }
        LOUPE_UNROLL(2)
        for (int i = 0; i < UP; i += 2) *to++ = pack(u[i], u[i + 1], order);
    }
}

template <int UP, bool CLAMP>
void activated_from(int first, const Pair (&taps)[UP][3], const PairActivation& act,
                    const Pair* from, int steps, Pair* to) {
    switch (first) {
        case 0: return activated_pairs<UP, 0, CLAMP>(taps, act, from, steps, to);
        case 1: return activated_pairs<UP, 1, CLAMP>(taps, act, from, steps, to);
        case 2: return activated_pairs<UP, UP == 4 ? 2 : 0, CLAMP>(taps, act, from, steps, to);
        default: return activated_pairs<UP, UP == 4 ? 3 : 1, CLAMP>(taps, act, from, steps, to);
    }
}

// Down along x: two rows of results, as pairs of them; RANK rows of taps.
template <int RANK>
void across_pairs(const PairTaps& taps, const Pair* upper, const Pair* lower, int width, Pair* to) {
    Pair g[RANK][6];
    for (int r = 0; r < RANK; ++r) {
        for (int m = 0; m < 6; ++m) g[r][m] = splat_pair(taps.across[r][m]);
    }
    const __m512i order = word_order();
    const std::int64_t end = width;
    for (std::int64_t x = 0; x < end; ++x) {
        Vec a[RANK], b[RANK];
        LOUPE_UNROLL(3)
        for (int r = 0; r < RANK; ++r) a[r] = b[r] = splat(0.0f);
        LOUPE_UNROLL(6)
        for (int m = 0; m < 6; ++m) {
            const Pair u = upper[x + m], l = lower[x + m];
            LOUPE_UNROLL(3)
            for (int r = 0; r < RANK; ++r) {
                a[r] = dot(a[r], u, g[r][m]);
                b[r] = dot(b[r], l, g[r][m]);
            }
        }
        LOUPE_UNROLL(3)
        for (int r = 0; r < RANK; ++r) to[r * end + x] = pack(a[r], b[r], order);
    }
}

// Down along y: ROWS output rows from 5 + ROWS rows of pairs.
template <int RANK, int ROWS>
void down_pairs(const FilterTask& task, const Strip& strip, const Pair* const* rows, int row) {
    Pair g[RANK][6];
    const Pair* q[5 + ROWS];
    for (int m = 0; m < 5 + ROWS; ++m) q[m] = rows[m];
    for (int r = 0; r < RANK; ++r) {
        for (int m = 0; m < 6; ++m) g[r][m] = splat_pair(task.pairs.down[r][m]);
    }
    const int count = smaller(Vec::lanes, task.c - strip.channel);
    BFloat16* to = output<BFloat16>(task, strip, row);
    const std::int64_t width = strip.width, below = task.y_stride.h, step = task.y_stride.w;
    for (std::int64_t x = 0; x < width; ++x, to += step) {
        Vec sums[ROWS], parts[ROWS];  // short chains of sums: many can be under way
        LOUPE_UNROLL(3)
        for (int r = 0; r < RANK; ++r) {
            const std::int64_t at = r * width + x;
            LOUPE_UNROLL(4)
            for (int y = 0; y < ROWS; ++y) parts[y] = splat(0.0f);
            LOUPE_UNROLL(9)
            for (int m = 0; m < 5 + ROWS; ++m) {
                const Pair p = q[m][at];
                LOUPE_UNROLL(4)
                for (int y = 0; y < ROWS; ++y) {
                    if (m >= y && m - y < 6) parts[y] = dot(parts[y], p, g[r][m - y]);
                }
            }
            LOUPE_UNROLL(4)
            for (int y = 0; y < ROWS; ++y) sums[y] = r ? sums[y] + parts[y] : parts[y];
        }
        LOUPE_UNROLL(4)
        for (int y = 0; y < ROWS; ++y) {
            if (count == Vec::lanes) {
                store(to + y * below, sums[y]);
            } else {
                store_some(to + y * below, count, sums[y]);
            }
            LOUPE_PREFETCH_WRITE(to + (y + ROWS) * below);
        }
    }
}

template <int UP, int RANK>
struct PairStrip {
    const FilterTask& task;
    const Strip& strip;
    const PairLayout at;
    Pair vertical[UP][3], horizontal[UP][3];
    PairActivation act;
    Pair *inputs, *raised[2], *activated[2], *ring;
    bool small[input_ring];  // the later of two input rows leads to nothing that is clamped
    int next_input, made = 0;

    PairStrip(const FilterTask& what, const Strip& where, float* scratch)
        : task(what), strip(where),
          at(pair_layout<UP>(what, where.column, where.row, where.width)) {
        for (int j = 0; j < UP; ++j) {
            for (int m = 0; m < 3; ++m) {
                vertical[j][m] = splat_pair(task.pairs.vertical[j][m]);
                horizontal[j][m] = splat_pair(task.pairs.horizontal[j][m]);
            }
        }
        const float limit = task.clamp >= 0 ? task.clamp : INFINITY;
        act = {splat(task.slope), splat(-limit), splat(limit)};
        inputs = reinterpret_cast<Pair*>(scratch);
        raised[0] = inputs + input_ring * at.in_width;
        raised[1] = raised[0] + at.in_width;
        activated[0] = raised[1] + at.in_width;
        activated[1] = activated[0] + at.steps * (UP / 2);
        ring = activated[1] + at.steps * (UP / 2);
        next_input = at.first_row - 1;  // as the later row of a pair it tells whether it is small
    }

    int slot(int row) const { return (row - at.first_row + input_ring) % input_ring; }
    const Pair* input(int row) const { return inputs + slot(row) * at.in_width; }

    // Pair `index` of rows of the strip: upsampled, activated and filtered along x.
    void make_pair(int index) {
        const int wanted = 2 * (strip.row + index);
        const Sample upper = sample_at(wanted, task.pad_y, UP);
        const Sample lower = sample_at(wanted + 1, task.pad_y, UP);
        for (; next_input <= lower.first + 4; ++next_input) {
            const int to = slot(next_input);
            small[to] = load_pairs(task, strip, next_input, at.x.first, at.in_width,
                                   inputs + to * at.in_width);
        }
        bool unclamped = true;
        for (int r = upper.first - 1; r < lower.first + 5; ++r) {
            unclamped = unclamped && small[slot(r)];
        }
        const Pair* rows[6];
        for (int m = 0; m < 3; ++m) {
            rows[2 * m] = input(upper.first + 2 * m);
            rows[2 * m + 1] = input(lower.first + 2 * m);
        }
        const auto up = upper.first == lower.first ? &up_pairs<true> : &up_pairs<false>;
        up(rows, vertical[upper.phase], vertical[lower.phase], at.in_width, raised[0], raised[1]);
        const int first = UP - 1 - at.x.phase;
        const auto across = unclamped ? &activated_from<UP, false> : &activated_from<UP, true>;
        for (int r = 0; r < 2; ++r) {
            across(first, horizontal, act, raised[r], at.steps, activated[r]);
        }
        across_pairs<RANK>(task.pairs, activated[0], activated[1], strip.width,
                           ring + index % pair_ring * at.ring_row);
    }

    // Some rows of results, from `row` of the strip on.
    void make_rows(int row, int rows) {
        for (; made < row + 5 + rows; ++made) make_pair(made);
        const Pair* from[pair_ring];
        for (int m = 0; m < 5 + rows; ++m) from[m] = ring + (row + m) % pair_ring * at.ring_row;
        if (rows == rows_at_once) {
            down_pairs<RANK, rows_at_once>(task, strip, from, strip.row + row);
            return;
        }
        for (int k = 0; k < rows; ++k) {
            down_pairs<RANK, 1>(task, strip, from + k, strip.row + row + k);
        }
    }
};

// Two blocks of channels share their cache lines: they take turns.
template <int UP, int RANK>
void run_strip(const FilterTask& task, const Strip& strip, float* scratch) {
    Strip second = strip;
    second.channel += Vec::lanes;
    PairStrip<UP, RANK> one(task, strip, scratch);
    PairStrip<UP, RANK> other(task, second, scratch + strip_pair_floats<UP>(task, strip.width));
    const int count = strip.row_end - strip.row;
    for (int row = 0; row < count; row += rows_at_once) {
        const int rows = smaller(rows_at_once, count - row);
        one.make_rows(row, rows);
        if (second.channel < task.c) other.make_rows(row, rows);
    }
}

template <int UP>
void strip_pairs(const FilterTask& task, const Strip& strip, float* scratch) {
    switch (task.pairs.rank) {
        case 1: return run_strip<UP, 1>(task, strip, scratch);
        case 2: return run_strip<UP, 2>(task, strip, scratch);
        default: return run_strip<UP, 3>(task, strip, scratch);
    }
}

}  // namespace
}  // namespace loupe

#endif
