// filtered_lrelu for the filters that StyleGAN3 generators have: up 2 or 4 with 6 taps per phase,
// down 2 with 12 taps or 12 x 12, all symmetric. The upsampled signal never exists in memory.
//
// A strip is streamed down the image. Groups of `up` upsampled rows (columns) come from the same
// six input rows (columns); mirrored phases share sums and differences of mirrored inputs:
//     even = sum (h[m] + h[5-m])/2 * (x[m] + x[5-m]),  odd = sum (h[m] - h[5-m])/2 * (x[m] - x[5-m])
//     earlier phase = even - odd,  later phase = even + odd          (m = 0, 1, 2)
// and so do the mirrored taps of the down filter. That halves the multiplications, which matters
// where additions have units of their own, and costs nothing where they have not.
#pragma once

#include <cmath>

#include "radial_tile.h"
#include "strip_common.h"

namespace loupe {
namespace {

// Where a strip lies in the grids, for one axis.
struct Phase {
    int first;   // input sample that group 0 starts from
    int offset;  // upsampled samples of group 0 that come before the first one wanted
};

inline Phase phase_of(int wanted, int pad, int up) {
    // group g covers upsampled samples up*g + pad%up - (up - 1) ... and reads inputs from `first`
    const int first = ceil_div(wanted - pad, up);
    const int distance = first * up + pad - wanted;  // tap phase of the wanted sample
    return {first, up - 1 - distance};
}

template <int UP>
struct UpTaps {
    Vec even[UP / 2][3], odd[UP / 2][3];

    UpTaps(const FoldedTaps& taps, float factor) {
        for (int j = 0; j < UP / 2; ++j) {
            for (int m = 0; m < 3; ++m) {
                even[j][m] = splat(taps.up_even[j][m] * factor);
                odd[j][m] = splat(taps.up_odd[j][m] * factor);
            }
        }
    }

    // One group of upsampled samples from six inputs.
    LOUPE_INLINE void apply(Vec x0, Vec x1, Vec x2, Vec x3, Vec x4, Vec x5, Vec* to) const {
        const Vec s0 = x0 + x5, s1 = x1 + x4, s2 = x2 + x3;
        const Vec d0 = x0 - x5, d1 = x1 - x4, d2 = x2 - x3;
        LOUPE_UNROLL(2)
        for (int j = 0; j < UP / 2; ++j) {
            const Vec e = fma(s2, even[j][2], fma(s1, even[j][1], s0 * even[j][0]));
            const Vec o = fma(d2, odd[j][2], fma(d1, odd[j][1], d0 * odd[j][0]));
            to[j] = e - o;
            to[UP - 1 - j] = e + o;
        }
    }
};

// One group of upsampled rows from six input rows.
template <int UP>
void up_rows(const UpTaps<UP>& taps, const Vec* const* rows, int width, Vec* to) {
    const Vec *q0 = rows[0], *q1 = rows[1], *q2 = rows[2], *q3 = rows[3], *q4 = rows[4],
              *q5 = rows[5];
    const UpTaps<UP> own = taps;  // stores to `to` cannot change it: it stays in registers
    for (int k = 0; k < width; ++k) {
        Vec group[UP];
        own.apply(kept(q0[k]), kept(q1[k]), kept(q2[k]), kept(q3[k]), kept(q4[k]), kept(q5[k]),
                  group);
        LOUPE_UNROLL(4)
        for (int j = 0; j < UP; ++j) to[j * width + k] = group[j];
    }
}

// Leaky ReLU of slope s, for values that were multiplied by (1 + s) / 2: a + |a| (1 - s) / (1 + s);
// then the clamp. NaN stays NaN; infinities have become NaN before (odd - even), or do here.
struct Activation {
    Vec ratio, low, high;
    template <bool CLAMP>
    LOUPE_INLINE Vec apply(Vec a) const {
        const Vec b = fma(absolute(a), ratio, a);
        return CLAMP ? max(low, min(high, b)) : b;
    }
};

inline float activation_factor(const FilterTask& task) { return 0.5f * (1.0f + task.slope); }

inline Activation make_activation(const FilterTask& task) {
    const float limit = task.clamp >= 0 ? task.clamp : INFINITY;
    return {splat((1.0f - task.slope) / (1.0f + task.slope)), splat(-limit), splat(limit)};
}

// Six neighbouring samples that move along a row.
struct Window {
    Vec x0, x1, x2, x3, x4, x5;

    explicit LOUPE_INLINE Window(const Vec* from)
        : x0(from[0]), x1(from[0]), x2(from[1]), x3(from[2]), x4(from[3]), x5(from[4]) {}

    LOUPE_INLINE void take(Vec next) {
        x0 = x1, x1 = x2, x2 = x3, x3 = x4, x4 = x5;
        x5 = next;
    }
};

// Along a row: up, activation, and (separable) down. OFFSET: parity of the first sample wanted.
// Result j of a step lies at to[j]; the first 5 + OFFSET results of a row lack inputs.
template <int UP, int OFFSET, bool CLAMP>
void across_down(const UpTaps<UP>& taps, const float* down, const Activation& activation,
                 const Vec* from, int steps, Vec* to) {
    const UpTaps<UP> own = taps;
    const Activation act = activation;
    Window in(from);
    Vec g[6], e[6], o[6];
    LOUPE_UNROLL(6)
    for (int j = 0; j < 6; ++j) {
        g[j] = splat(down[j]);
        e[j] = o[j] = splat(0.0f);
    }
    for (int s = 0; s < steps; ++s) {
        in.take(kept(from[s + 5]));
        Vec u[UP];
        own.apply(in.x0, in.x1, in.x2, in.x3, in.x4, in.x5, u);
        LOUPE_UNROLL(2)
        for (int j = 0; j < UP; j += 2) {
            const Vec first = act.template apply<CLAMP>(u[j]);
            const Vec second = act.template apply<CLAMP>(u[j + 1]);
            LOUPE_UNROLL(5)
            for (int k = 0; k < 5; ++k) o[k] = o[k + 1];
            o[5] = OFFSET ? first : second;
            if (!OFFSET) {
                LOUPE_UNROLL(5)
                for (int k = 0; k < 5; ++k) e[k] = e[k + 1];
                e[5] = first;
            }
            // taps 2k of the even samples equal taps 11 - 2k of the odd ones
            Vec a = (e[0] + o[5]) * g[0], b = (e[1] + o[4]) * g[1];
            a = fma(e[2] + o[3], g[2], a);
            b = fma(e[3] + o[2], g[3], b);
            a = fma(e[4] + o[1], g[4], a);
            b = fma(e[5] + o[0], g[5], b);
            *to++ = a + b;
            if (OFFSET) {
                LOUPE_UNROLL(5)
                for (int k = 0; k < 5; ++k) e[k] = e[k + 1];
                e[5] = second;
            }
        }
    }
}

// Along a row: up and activation only (before a radial filter).
template <int UP, bool CLAMP>
void across_up(const UpTaps<UP>& taps, const Activation& activation, const Vec* from, int steps,
               Vec* to) {
    const UpTaps<UP> own = taps;
    const Activation act = activation;
    Window in(from);
    for (int s = 0; s < steps; ++s, to += UP) {
        in.take(kept(from[s + 5]));
        Vec u[UP];
        own.apply(in.x0, in.x1, in.x2, in.x3, in.x4, in.x5, u);
        LOUPE_UNROLL(4)
        for (int j = 0; j < UP; ++j) to[j] = act.template apply<CLAMP>(u[j]);
    }
}

// Two output rows (or one) from 14 (12) rows that were filtered along x.
template <class T, int ROWS>
void down_rows(const FilterTask& task, const Strip& strip, const Block& block,
               const Vec* const* rows, int row) {
    Vec g[6];
    // taps 0..5 in order: 0, 2, 4 are down[0..2] and 1, 3, 5 their mirrors down[5], [4], [3]
    for (int k = 0; k < 6; ++k) g[k] = splat(task.folded.down[k % 2 ? 5 - k / 2 : k / 2]);
    T* to = output<T>(task, strip, row);
    const std::int64_t below = task.y_stride.h;
    for (int x = 0; x < strip.width; ++x, to += task.y_stride.w) {
        Vec q[10 + 2 * ROWS];
        LOUPE_UNROLL(14)
        for (int k = 0; k < 10 + 2 * ROWS; ++k) q[k] = rows[k][x];
        LOUPE_UNROLL(2)
        for (int r = 0; r < ROWS; ++r) {
            const Vec* p = q + 2 * r;
            Vec a = (p[0] + p[11]) * g[0], b = (p[1] + p[10]) * g[1];
            a = fma(p[2] + p[9], g[2], a);
            b = fma(p[3] + p[8], g[3], b);
            a = fma(p[4] + p[7], g[4], a);
            b = fma(p[5] + p[6], g[5], b);
            store_block(to + r * below, block, (a + b) * block.y_scale);
            LOUPE_PREFETCH_WRITE(to + (r + ROWS) * below);
        }
    }
}

// Sizes of the buffers of a strip.
struct FastLayout {
    int offset_x, lead, steps, in_width, ring, row_width;
    Phase x, y;
};

// Vectors from one row of the ring to the next: odd, so that rows do not compete for cache sets.
template <int UP>
int ring_row(const FilterTask& task, int steps) {
    return steps * (task.radial ? UP : UP / 2) | 1;
}

template <int UP>
FastLayout fast_layout(const FilterTask& task, int column, int row, int width) {
    FastLayout at;
    at.x = phase_of(2 * column, task.pad_x, UP);
    at.y = phase_of(2 * row, task.pad_y, UP);
    at.offset_x = at.x.offset;
    // results of a row before the first valid one (separable), or samples (radial)
    at.lead = task.radial ? at.offset_x : 5 + (at.offset_x + 1) / 2;
    at.steps = ceil_div(at.offset_x + 2 * width + 10, UP);
    at.in_width = at.steps + 5;
    at.ring = 14 + UP;
    at.row_width = ring_row<UP>(task, at.steps);
    return at;
}

template <int UP>
std::int64_t fast_floats(const FilterTask& task, int width) {
    const int steps = ceil_div(UP - 1 + 2 * width + 10, UP);
    const std::int64_t row = ring_row<UP>(task, steps);
    return ((6 + UP) * std::int64_t(steps + 5) + (14 + UP) * row) * Vec::lanes;
}

template <int UP, bool CLAMP>
LOUPE_INLINE void across(const FilterTask& task, const UpTaps<UP>& taps, const Activation& act,
                         const Vec* from, const FastLayout& at, Vec* to) {
    if (task.radial) {
        across_up<UP, CLAMP>(taps, act, from, at.steps, to);
    } else if (at.offset_x % 2) {
        across_down<UP, 1, CLAMP>(taps, task.folded.down, act, from, at.steps, to);
    } else {
        across_down<UP, 0, CLAMP>(taps, task.folded.down, act, from, at.steps, to);
    }
}

template <class T, int UP>
void strip_fast(const FilterTask& task, const Strip& strip, float* scratch) {
    const Block block = make_block(task, strip);
    const FastLayout at = fast_layout<UP>(task, strip.column, strip.row, strip.width);
    const UpTaps<UP> vertical(task.folded, task.gain), horizontal(task.folded, activation_factor(task));
    const Activation act = make_activation(task);
    Vec* inputs = reinterpret_cast<Vec*>(scratch);
    Vec* wide = inputs + 6 * at.in_width;
    Vec* ring = wide + UP * at.in_width;
    bool small[6];  // the input rows that cannot lead to anything that is clamped
    int next_input = at.y.first;
    int group = 0;  // its rows are up*group - offset + 2*strip.row ...
    for (int row = strip.row; row < strip.row_end; row += 2) {
        const int rows = smaller(2, strip.row_end - row);
        const int first = 2 * (row - strip.row) + at.y.offset;  // counted from group 0
        for (; UP * group < first + 10 + 2 * rows; ++group) {
            for (; next_input < at.y.first + group + 6; ++next_input) {
                const int slot = (next_input - at.y.first) % 6;
                const Vec largest = load_row<T>(task, strip, block, next_input, at.x.first,
                                                at.in_width, inputs + slot * at.in_width);
                small[slot] = all_within(largest, task.folded.unclamped);
            }
            const Vec* six[6];
            bool unclamped = true;
            for (int m = 0; m < 6; ++m) {
                six[m] = inputs + (group + m) % 6 * at.in_width;
                unclamped = unclamped && small[(group + m) % 6];
            }
            up_rows<UP>(vertical, six, at.in_width, wide);
            for (int j = 0; j < UP; ++j) {
                Vec* to = ring + (UP * group + j) % at.ring * at.row_width;
                const Vec* from = wide + j * at.in_width;
                if (unclamped) {
                    across<UP, false>(task, horizontal, act, from, at, to);
                } else {
                    across<UP, true>(task, horizontal, act, from, at, to);
                }
            }
        }
        const Vec* from[14];
        for (int k = 0; k < 10 + 2 * rows; ++k) {
            from[k] = ring + (first + k) % at.ring * at.row_width + at.lead;
        }
        if (task.radial) {
            radial_rows<T>(task, strip, block, from, row, rows);
        } else if (rows == 2) {
            down_rows<T, 2>(task, strip, block, from, row);
        } else {
            down_rows<T, 1>(task, strip, block, from, row);
        }
    }
}

}  // namespace
}  // namespace loupe
