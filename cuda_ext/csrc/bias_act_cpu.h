// bias_act: y = clamp(lrelu(x + b) * gain) over [outer, channels, inner].
#pragma once

#include <cstdint>

#include "bfloat16.h"

namespace loupe {

struct BiasAct {
    std::int64_t outer, channels, inner;
    float gain, slope, clamp;  // clamp < 0: none
};

template <class T>
void bias_act(const BiasAct& task, const T* x, T* y, const float* b) {
    for (std::int64_t row = 0; row < task.outer * task.channels; ++row) {
        const float bias = b ? b[row % task.channels] : 0.0f;
        for (std::int64_t k = row * task.inner; k < (row + 1) * task.inner; ++k) {
            float v = to_float(x[k]) + bias;
            v = (v < 0 ? v * task.slope : v) * task.gain;
            if (task.clamp >= 0) {
                // written so that NaN stays NaN
                v = v < -task.clamp ? -task.clamp : v > task.clamp ? task.clamp : v;
            }
            store(v, y + k);
        }
    }
}

}  // namespace loupe
