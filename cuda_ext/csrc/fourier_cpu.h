// The Fourier-feature input of a StyleGAN3 generator on the CPU, from w to its mixed channels.
#pragma once

#include "task.h"

namespace loupe {

// t = w * affine^T * affine_gain + affine_bias is a rotation (t[0], t[1], brought to unit length)
// and a translation (t[2], t[3]); `transform` is applied before them. Features are
// sin(2 pi (x * fx + y * fy + phase)), x and y in image widths, where rotation, translation and
// transform have moved the frequencies; they fade out over `fade` beyond `bandwidth`.
struct FourierTask {
    const float* w;  // [n, depth], images w_stride apart
    std::int64_t w_stride;
    int depth;
    const float* affine;       // [4, depth]
    const float* affine_bias;  // [4]
    double affine_gain;
    const float* transform;  // [3, 3]
    const float* freqs;      // [c, 2], cycles per image width
    const float* phases;     // [c], turns
    double sampling_rate, bandwidth, fade;
    ConvTask mixing;  // without its input; n, c, h = w and the result are those of the features
};

void run_fourier(const FourierTask& task, int threads);

}  // namespace loupe
