// bias_act over rows of [outer, channels, inner]: a row is one pixel of channels where inner is 1
// (channels-last), else one channel of one image.
#pragma once

#include <cmath>

#include "simd.h"
#include "task.h"

namespace loupe {
namespace {

struct BiasActRow {
    Vec slope, gain, limit, zero;

    explicit BiasActRow(const BiasActTask& task)
        : slope(splat(task.slope)),
          gain(splat(task.gain)),
          limit(splat(task.clamp >= 0 ? task.clamp : INFINITY)),
          zero(splat(0.0f)) {}

    LOUPE_INLINE Vec operator()(Vec a) const {
        a = (max(zero, a) + slope * min(zero, a)) * gain;
        return max(zero - limit, min(limit, a));
    }

    // `bias` and `scale` per element or null; `same` is added to all.
    template <class T>
    LOUPE_INLINE void apply(const T* x, T* y, std::int64_t count, const float* bias,
                            const float* scale, Vec same) const {
        std::int64_t k = 0;
        for (; k + Vec::lanes <= count; k += Vec::lanes) {
            const Vec b = bias ? load(bias + k) + same : same;
            const Vec a = load(x + k);
            store(y + k, (*this)(scale ? fma(a, load(scale + k), b) : a + b));
        }
        if (k < count) {
            const int rest = int(count - k);
            const Vec b = bias ? load_some(bias + k, rest) + same : same;
            const Vec a = load_some(x + k, rest);
            store_some(y + k, rest, (*this)(scale ? fma(a, load_some(scale + k, rest), b) : a + b));
        }
    }
};

template <class T>
void bias_act_typed(const BiasActTask& task, std::int64_t row, std::int64_t row_end) {
    const BiasActRow apply(task);
    const std::int64_t size = task.inner == 1 ? task.channels : task.inner;
    for (; row < row_end; ++row) {
        const T* x = static_cast<const T*>(task.x) + row * size;
        T* y = static_cast<T*>(task.y) + row * size;
        if (task.inner == 1) {
            const float* scale =
                task.x_scale ? task.x_scale + row / task.image_rows * task.channels : nullptr;
            const float noise = task.noise ? task.noise[row % task.noise_rows] : 0.0f;
            apply.apply(x, y, size, task.bias, scale, splat(noise));
        } else {
            const float bias = task.bias ? task.bias[row % task.channels] : 0.0f;
            apply.apply(x, y, size, nullptr, nullptr, splat(bias));
        }
    }
}

}  // namespace
}  // namespace loupe
