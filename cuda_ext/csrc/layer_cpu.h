// One styled layer on the CPU in one call: styles, demodulation, convolution, filtered_lrelu.
#pragma once

#include "task.h"

namespace loupe {

// styles = w * affine^T * affine_gain + affine_bias, brought to unit magnitude where the layer
// demodulates. Demodulation is 1 / sqrt(power * styles^2 + epsilon). The convolution's input is
// multiplied by styles * gain / sqrt(magnitude).
struct StyleTask {
    const float* w;  // [n, depth], images w_stride apart
    std::int64_t w_stride;
    int depth;
    const float* affine;       // [c, depth]
    const float* affine_bias;  // [c]
    const float* magnitude;    // one number
    const float* power;        // [o, c], or null: no demodulation
    float affine_gain, gain, epsilon;
};

// The convolution's result is the filter's input, and has its place while the layer runs; without
// filters it is the result itself, which bias and clamp then change in place. Of `conv`, what
// belongs to its result is left open, of `filter`, what belongs to its input.
struct LayerTask {
    StyleTask style;
    ConvTask conv;
    int kernel;
    bool filtered;
    FilterTask filter;
};

struct LayerSeconds {
    double convolution, filter;
};

// Folds the filters for the active instruction set. The bias is kept in `filter`.
void plan_layer(LayerTask& layer);

// Runs a planned layer.
LayerSeconds run_layer(LayerTask layer, int threads);

}  // namespace loupe
