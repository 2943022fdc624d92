// filtered_lrelu for any factors, filters and padding, streamed down a strip like the fast kernel.
// It also writes the pattern of signs and clamping for the gradient, or reads it: the gradient is
// the same operation with the filters' roles exchanged and the pattern in place of the activation.
#pragma once

#include <cmath>

#include "strip_common.h"

namespace loupe {
namespace {

// Sizes of the buffers of a strip, and where its samples lie in the upsampled grid.
struct GenericLayout {
    int first_in, in_width, in_rows;  // input columns, rows in the ring
    int column, columns;              // upsampled columns
    int row_width, rows;              // ring of filtered rows
};

inline GenericLayout generic_layout(const FilterTask& task, int column, int width) {
    GenericLayout at;
    at.column = column * task.down;
    at.columns = (width - 1) * task.down + task.fd.size_x;
    at.first_in = ceil_div(at.column - task.pad_x, task.up);
    const int last = at.column + at.columns - 1 + task.fu.size_x - 1;
    at.in_width = larger(ceil_div(last - task.pad_x + 1, task.up) - at.first_in, 1);
    at.in_rows = ceil_div(task.fu.size_y, task.up) + 1;
    at.row_width = task.fd.separable ? width : at.columns;
    at.rows = task.fd.size_y;
    return at;
}

inline std::int64_t generic_floats(const FilterTask& task, int width) {
    // the offset of a strip changes the input width by one at most
    const GenericLayout at = generic_layout(task, 0, width);
    return (std::int64_t(at.in_rows + 1) * (at.in_width + 1) + at.columns + width +
            std::int64_t(at.rows) * at.row_width) * Vec::lanes;
}

// One upsampled sample: taps phase, phase + up, ... over `from`.
LOUPE_INLINE Vec up_tap_sum(const float* taps, int size, int phase, int up, const Vec* from,
                            std::int64_t step) {
    Vec sum = splat(0.0f);
    for (int k = phase; k < size; k += up, from += step) sum = fma(*from, splat(taps[k]), sum);
    return sum;
}

// The pattern of one vector of samples, channel by channel.
LOUPE_INLINE Vec pattern_write(const FilterTask& task, const Block& block, Vec a, Vec slope,
                               Vec limit, std::uint8_t* to) {
#ifdef LOUPE_AVX512
    if (block.count == Vec::lanes) {
        // as in torch, the slope holds at zero
        const __mmask16 negative = _mm512_cmp_ps_mask(a.v, _mm512_setzero_ps(), _CMP_NGT_UQ);
        const Vec value = {_mm512_mask_mul_ps(a.v, negative, a.v, slope.v)};
        const __mmask16 clamped =
            task.clamp >= 0 ? _mm512_cmp_ps_mask(_mm512_abs_ps(value.v), limit.v, _CMP_NLE_UQ)
                            : __mmask16(0);
        if (to) {
            const __m128i bits =
                _mm_or_si128(_mm_maskz_set1_epi8(negative, 1), _mm_maskz_set1_epi8(clamped, 2));
            _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bits);
        }
        return max(splat(0.0f) - limit, min(limit, value));
    }
#endif
    float before[Vec::lanes], after[Vec::lanes];
    store(before, a);
    store(after, a * slope);
    for (int i = 0; i < block.count; ++i) {
        const bool negative = !(before[i] > 0);  // as in torch, the slope holds at zero
        const float value = negative ? after[i] : before[i];
        const bool clamped = task.clamp >= 0 && !(value >= -task.clamp && value <= task.clamp);
        if (to) to[i] = std::uint8_t(negative) | std::uint8_t(clamped) << 1;
        before[i] = value;
    }
    a = load(before);
    return max(splat(0.0f) - limit, min(limit, a));
}

LOUPE_INLINE Vec pattern_read(const FilterTask& task, const Block& block, Vec a,
                              const std::uint8_t* from) {
#ifdef LOUPE_AVX512
    if (block.count == Vec::lanes) {
        const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
        const __mmask16 negative = _mm_test_epi8_mask(bits, _mm_set1_epi8(1));
        const __mmask16 kept = _mm_testn_epi8_mask(bits, _mm_set1_epi8(2));
        const __m512 value = _mm512_mask_mul_ps(a.v, negative, a.v, _mm512_set1_ps(task.slope));
        return {_mm512_maskz_mov_ps(kept, value)};
    }
#endif
    float factor[Vec::lanes] = {};
    for (int i = 0; i < block.count; ++i) {
        factor[i] = from[i] & 2 ? 0.0f : from[i] & 1 ? task.slope : 1.0f;
    }
    return a * load(factor);
}

// Where the pattern of an upsampled sample is; null outside, or when another strip writes it.
inline std::uint8_t* pattern_at(const FilterTask& task, const Strip& strip, int row, int column) {
    if (task.pattern_mode == Pattern::write) {
        const bool last_row = strip.row_end == task.out_h;
        const bool last_column = strip.column + strip.width == task.out_w;
        if (!last_row && row >= strip.row_end * task.down) return nullptr;
        if (!last_column && column >= (strip.column + strip.width) * task.down) return nullptr;
    }
    row += task.pattern_y;
    column += task.pattern_x;
    if (row < 0 || row >= task.pattern_h || column < 0 || column >= task.pattern_w) return nullptr;
    const std::int64_t pixel =
        (std::int64_t(strip.n) * task.pattern_h + row) * task.pattern_w + column;
    return task.pattern + pixel * task.c + strip.channel;
}

// One row of the upsampled, activated signal.
template <bool PATTERN>
void up_row(const FilterTask& task, const Strip& strip, const Block& block,
            const GenericLayout& at, int row, const Vec* inputs, int first_row, Vec* column_sums,
            Vec* to) {
    const Vec slope = splat(task.slope), limit = splat(task.clamp >= 0 ? task.clamp : INFINITY);
    const Vec gain = splat(task.gain), zero = splat(0.0f);
    const int top = ceil_div(row - task.pad_y, task.up);
    const int phase_y = top * task.up + task.pad_y - row;
    const Taps& fu = task.fu;
    if (fu.separable) {
        for (int k = 0; k < at.in_width; ++k) column_sums[k] = zero;
        for (int t = phase_y, m = top; t < fu.size_y; t += task.up, ++m) {
            const Vec* from = inputs + (m - first_row) % at.in_rows * at.in_width;
            const Vec tap = splat(fu.values[t]) * gain;
            for (int k = 0; k < at.in_width; ++k) column_sums[k] = fma(from[k], tap, column_sums[k]);
        }
    }
    for (int k = 0; k < at.columns; ++k) {
        const int column = at.column + k;
        const int left = ceil_div(column - task.pad_x, task.up);
        const int phase_x = left * task.up + task.pad_x - column;
        Vec a = zero;
        if (fu.separable) {
            a = up_tap_sum(fu.values, fu.size_x, phase_x, task.up, column_sums + left - at.first_in,
                           1);
        } else {
            for (int t = phase_y, m = top; t < fu.size_y; t += task.up, ++m) {
                const Vec* from = inputs + (m - first_row) % at.in_rows * at.in_width;
                a = a + up_tap_sum(fu.values + t * fu.size_x, fu.size_x, phase_x, task.up,
                                   from + left - at.first_in, 1);
            }
            a = a * gain;
        }
        if (PATTERN) {
            std::uint8_t* pattern = pattern_at(task, strip, row, column);
            if (task.pattern_mode == Pattern::write) {
                a = pattern_write(task, block, a, slope, limit, pattern);
            } else {
                a = pattern ? pattern_read(task, block, a, pattern) : zero;
            }
        } else {
            // leaky ReLU for any slope: positive part plus slope times negative part
            a = max(zero, a) + slope * min(zero, a);
            a = max(zero - limit, min(limit, a));
        }
        to[k] = a;
    }
}

template <class T, bool PATTERN>
void strip_generic(const FilterTask& task, const Strip& strip, float* scratch) {
    const Block block = make_block(task, strip);
    const GenericLayout at = generic_layout(task, strip.column, strip.width);
    const Taps& fd = task.fd;
    Vec* inputs = reinterpret_cast<Vec*>(scratch);
    Vec* column_sums = inputs + at.in_rows * at.in_width;
    Vec* activated = column_sums + at.in_width;
    Vec* sums = activated + at.columns;
    Vec* ring = sums + strip.width;
    int next = strip.row * task.down;  // upsampled row
    const int first_in = ceil_div(next - task.pad_y, task.up);
    int next_in = first_in;
    for (int row = strip.row; row < strip.row_end; ++row) {
        const int begin = row * task.down;
        next = larger(next, begin);  // rows between short filters are not needed
        for (; next < begin + fd.size_y; ++next) {
            const int top = ceil_div(next - task.pad_y, task.up);
            for (; next_in < top + at.in_rows - 1; ++next_in) {
                load_row<T>(task, strip, block, next_in, at.first_in, at.in_width,
                            inputs + (next_in - first_in) % at.in_rows * at.in_width);
            }
            Vec* filtered = ring + next % at.rows * at.row_width;
            Vec* to = fd.separable ? activated : filtered;
            up_row<PATTERN>(task, strip, block, at, next, inputs, first_in, column_sums, to);
            if (!fd.separable) continue;
            for (int x = 0; x < strip.width; ++x) {
                Vec sum = splat(0.0f);
                for (int k = 0; k < fd.size_x; ++k) {
                    sum = fma(activated[x * task.down + k], splat(fd.values[k]), sum);
                }
                filtered[x] = sum;
            }
        }
        T* to = output<T>(task, strip, row);
        for (int k = 0; k < fd.size_y; ++k) {
            const Vec* from = ring + (begin + k) % at.rows * at.row_width;
            if (fd.separable) {
                const Vec tap = splat(fd.values[k]);
                for (int x = 0; x < strip.width; ++x) {
                    sums[x] = k ? fma(from[x], tap, sums[x]) : from[x] * tap;
                }
                continue;
            }
            const float* taps = fd.values + k * fd.size_x;
            if (fd.size_x == 12 && task.down == 2) {
                Vec g[12];
                for (int l = 0; l < 12; ++l) g[l] = splat(taps[l]);
                for (int x = 0; x < strip.width; ++x, from += 2) {
                    Vec a = k ? sums[x] : splat(0.0f), b = splat(0.0f);
                    LOUPE_UNROLL(6)
                    for (int l = 0; l < 12; l += 2) {
                        a = fma(from[l], g[l], a);
                        b = fma(from[l + 1], g[l + 1], b);
                    }
                    sums[x] = a + b;
                }
                continue;
            }
            for (int x = 0; x < strip.width; ++x) {
                Vec sum = k ? sums[x] : splat(0.0f);
                for (int l = 0; l < fd.size_x; ++l) {
                    sum = fma(from[x * task.down + l], splat(taps[l]), sum);
                }
                sums[x] = sum;
            }
        }
        for (int x = 0; x < strip.width; ++x, to += task.y_stride.w) {
            store_block(to, block, sums[x] * block.y_scale);
        }
    }
}

}  // namespace
}  // namespace loupe
