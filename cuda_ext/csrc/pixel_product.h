// 1x1 convolutions: each image is one matrix product of its pixels and weights that have the styles
// folded in, so that nothing but the product itself touches the picture.
//
// Where the processor multiplies pairs of bfloat16, weights lie as [panel][pair of inputs][output]
// and a pair of a pixel's channels is one 32-bit element that every lane gets; elsewhere the weights
// are floats [panel][input][output].
#pragma once

#include "panel.h"

namespace loupe {
namespace {

// VECTORS: of the panel that are wanted; few output channels need the first one only.
template <int ROWS, int VECTORS>
using PixelSums = Vec[ROWS][VECTORS];

// Sums of ROWS pixels, `step` elements apart, for one panel. Rows are addressed from a few pointers
// that move along: an address has room for one stride only.
template <class T, int ROWS, int VECTORS>
LOUPE_INLINE void pixel_sums(const T* x, std::int64_t step, const float* weights, int depth,
                             PixelSums<ROWS, VECTORS>& sums) {
    constexpr int bases = (ROWS + 2) / 3;
    const T* base[bases];
    for (int i = 0; i < bases; ++i) base[i] = x + 3 * i * step;
    for (int k = 0; k < depth; ++k, weights += panel_width) {
        const Vec w0 = load(weights), w1 = load(weights + Vec::lanes);
        LOUPE_UNROLL(14)
        for (int r = 0; r < ROWS; ++r) {
            const Vec value = splat(to_float(base[r / 3][r % 3 * step + k]));
            sums[r][0] = fma(value, w0, sums[r][0]);
            if (VECTORS > 1) sums[r][VECTORS - 1] = fma(value, w1, sums[r][VECTORS - 1]);
        }
    }
}

#ifdef LOUPE_AVX512BF16

LOUPE_INLINE Vec add_pairs(Vec sum, std::uint32_t pair, __m512i weights) {
    return {_mm512_dpbf16_ps(sum.v, (__m512bh)weights,
                             (__m512bh)_mm512_set1_epi32(static_cast<int>(pair)))};
}

LOUPE_INLINE std::uint32_t pair_at(const BFloat16* p) {
    std::uint32_t pair;
    std::memcpy(&pair, p, sizeof pair);
    return pair;
}

template <int ROWS, int VECTORS>
LOUPE_INLINE void pair_sums(const BFloat16* x, std::int64_t step, const float* weights, int depth,
                            PixelSums<ROWS, VECTORS>& sums) {
    constexpr int bases = (ROWS + 2) / 3;
    const BFloat16* base[bases];
    for (int i = 0; i < bases; ++i) base[i] = x + 3 * i * step;
    int k = 0;
    for (; k + 1 < depth; k += 2, weights += panel_width) {
        const __m512i w0 = _mm512_loadu_si512(weights);
        const __m512i w1 = _mm512_loadu_si512(weights + Vec::lanes);
        LOUPE_UNROLL(14)
        for (int r = 0; r < ROWS; ++r) {
            const std::uint32_t pair = pair_at(base[r / 3] + r % 3 * step + k);
            sums[r][0] = add_pairs(sums[r][0], pair, w0);
            if (VECTORS > 1) sums[r][VECTORS - 1] = add_pairs(sums[r][VECTORS - 1], pair, w1);
        }
    }
    if (k < depth) {  // the last channel alone: what follows it in memory may be anything
        const __m512i w0 = _mm512_loadu_si512(weights);
        const __m512i w1 = _mm512_loadu_si512(weights + Vec::lanes);
        for (int r = 0; r < ROWS; ++r) {
            const std::uint32_t last = x[r * step + k].bits;
            sums[r][0] = add_pairs(sums[r][0], last, w0);
            if (VECTORS > 1) sums[r][VECTORS - 1] = add_pairs(sums[r][VECTORS - 1], last, w1);
        }
    }
}

#endif

// `bias`: what the sums begin with.
template <class T, int ROWS, int VECTORS>
void pixels_times_panel(const T* x, std::int64_t x_step, const float* weights, int depth,
                        const Vec* bias, T* y, std::int64_t y_step, int channels) {
    LOUPE_UNROLL(14)
    for (int r = 0; r < ROWS; ++r) LOUPE_PREFETCH_WRITE(y + r * y_step);
    PixelSums<ROWS, VECTORS> sums;
    LOUPE_UNROLL(14)
    for (int r = 0; r < ROWS; ++r) {
        LOUPE_UNROLL(2)
        for (int v = 0; v < VECTORS; ++v) sums[r][v] = bias[v];
    }
#ifdef LOUPE_AVX512BF16
    if constexpr (sizeof(T) == 2) {
        pair_sums<ROWS, VECTORS>(x, x_step, weights, depth, sums);
    } else
#endif
    {
        pixel_sums<T, ROWS, VECTORS>(x, x_step, weights, depth, sums);
    }
    LOUPE_UNROLL(14)
    for (int r = 0; r < ROWS; ++r, y += y_step) {
        LOUPE_UNROLL(2)
        for (int v = 0; v < VECTORS; ++v) {
            store_channels(y + v * Vec::lanes, channels - v * Vec::lanes, sums[r][v]);
        }
    }
}

// Results of some pixels for `channels` of a panel.
template <class T, int VECTORS>
void pixels_times_weights(const T* x, std::int64_t step, const float* weights, int depth,
                          const Vec* bias, T* y, std::int64_t y_step, int channels, int pixels) {
    int p = 0;
    for (; p + product_rows <= pixels; p += product_rows) {
        pixels_times_panel<T, product_rows, VECTORS>(x, step, weights, depth, bias, y, y_step,
                                                     channels);
        x += product_rows * step, y += product_rows * y_step;
    }
    for (; p + 4 <= pixels; p += 4, x += 4 * step, y += 4 * y_step) {
        pixels_times_panel<T, 4, VECTORS>(x, step, weights, depth, bias, y, y_step, channels);
    }
    for (; p < pixels; ++p, x += step, y += y_step) {
        pixels_times_panel<T, 1, VECTORS>(x, step, weights, depth, bias, y, y_step, channels);
    }
}

// Results of pixels [first, first + pixels) of an image; their inputs stay in the nearest caches.
template <class T>
void conv_pixels(const ConvTask& task, int image, std::int64_t first, int pixels) {
    const std::int64_t step = task.x_stride.w, y_step = task.y_stride.w;
    const T* x = static_cast<const T*>(task.x) + image * task.x_stride.n + first * step;
    T* y = static_cast<T*>(task.y) + image * task.y_stride.n + first * y_step;
    const std::int64_t panel = std::int64_t(task.c) * panel_width;
    const int panels = (task.o + panel_width - 1) / panel_width;
    const float* weights = static_cast<const float*>(task.folded) + image * panels * panel;
    for (int channel = 0; channel < task.o; channel += panel_width, weights += panel) {
        const int rest = task.o - channel;
        Vec bias[panel_vectors] = {splat(0.0f), splat(0.0f)};
        for (int v = 0; v < panel_vectors && task.bias; ++v) {
            const int more = rest - v * Vec::lanes;
            if (more > 0) bias[v] = load_channels(task.bias + channel + v * Vec::lanes, more);
        }
        const auto product = rest > Vec::lanes ? &pixels_times_weights<T, panel_vectors>
                                               : &pixels_times_weights<T, 1>;
        product(x, step, weights, task.c, bias, y + channel, y_step, rest, pixels);
    }
}

// One panel of packed weights [input][output] with an image's scales, as the product reads it.
void fold_panel(const ConvTask& task, int image, int panel, float* to) {
    const float* from = task.weights + std::int64_t(panel) * task.c * panel_width;
    const float* styles = task.x_scale ? task.x_scale + std::int64_t(image) * task.c : nullptr;
    const float* scales = task.y_scale ? task.y_scale + std::int64_t(image) * task.o : nullptr;
    const int channel = panel * panel_width;
    for (int v = 0; v < panel_vectors; ++v, from += Vec::lanes, to += Vec::lanes) {
        const int rest = task.o - channel - v * Vec::lanes;
        Vec scale = splat(1.0f);
        if (scales && rest > 0) scale = load_channels(scales + channel + v * Vec::lanes, rest);
        const auto weight = [&](int k) {
            return load(from + k * panel_width) * scale * splat(styles ? styles[k] : 1.0f);
        };
#ifdef LOUPE_AVX512BF16
        if (task.bfloat16) {
            for (int k = 0; k < task.c; k += 2) {
                const Vec second = k + 1 < task.c ? weight(k + 1) : splat(0.0f);
                const __m512i low = _mm512_cvtepu16_epi32(narrow(weight(k)));
                const __m512i high = _mm512_cvtepu16_epi32(narrow(second));
                _mm512_storeu_si512(to + k / 2 * panel_width,
                                    _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
            }
            continue;
        }
#endif
        for (int k = 0; k < task.c; ++k) store(to + k * panel_width, weight(k));
    }
}

// to[r] = sum of rows[r][k] * x[k]: a matrix times a vector.
void dots(const float* rows, int count, int depth, const float* x, float* to) {
    for (int r = 0; r < count; ++r, rows += depth) {
        Vec sums[4] = {splat(0.0f), splat(0.0f), splat(0.0f), splat(0.0f)};
        int k = 0;
        for (; k + 4 * Vec::lanes <= depth; k += 4 * Vec::lanes) {
            LOUPE_UNROLL(4)
            for (int i = 0; i < 4; ++i) {
                const int at = k + i * Vec::lanes;
                sums[i] = fma(load(rows + at), load(x + at), sums[i]);
            }
        }
        for (; k < depth; k += Vec::lanes) {
            sums[0] = fma(load_channels(rows + k, depth - k), load_channels(x + k, depth - k), sums[0]);
        }
        float lanes[Vec::lanes], sum = 0;
        store(lanes, (sums[0] + sums[1]) + (sums[2] + sums[3]));
        for (int i = 0; i < Vec::lanes; ++i) sum += lanes[i];
        to[r] = sum;
    }
}

}  // namespace
}  // namespace loupe
