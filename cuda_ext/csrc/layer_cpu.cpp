#include "layer_cpu.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

#include "conv_cpu.h"
#include "cpu.h"
#include "filtered_lrelu_cpu.h"
#include "threads.h"

namespace loupe {
namespace {

// A matrix [count, depth] times a vector; large ones by all threads.
void multiply(const float* matrix, int count, int depth, const float* x, int threads, float* to) {
    const Kernels& kernels = active_kernels();
    const int piece = std::max(1, (1 << 16) / std::max(depth, 1));
    parallel_for((count + piece - 1) / piece, threads, [&](std::int64_t unit) {
        const int first = static_cast<int>(unit) * piece;
        kernels.dots(matrix + std::int64_t(first) * depth, std::min(piece, count - first), depth, x,
                     to + first);
    });
}

// One image's styles [c] and, where wanted, demodulation [o].
void make_styles(const StyleTask& task, const float* w, int c, int o, int threads, float* styles,
                 float* demodulation) {
    multiply(task.affine, c, task.depth, w, threads, styles);
    double power = 0;
    for (int i = 0; i < c; ++i) {
        styles[i] = styles[i] * task.affine_gain + task.affine_bias[i];
        power += double(styles[i]) * styles[i];
    }
    float unit = 1;
    if (task.power) {
        unit = static_cast<float>(1 / std::sqrt(power / c));
        std::vector<float> squares(c);
        for (int i = 0; i < c; ++i) squares[i] = styles[i] * unit * (styles[i] * unit);
        multiply(task.power, o, c, squares.data(), threads, demodulation);
        for (int k = 0; k < o; ++k) {
            demodulation[k] = 1 / std::sqrt(demodulation[k] + task.epsilon);
        }
    }
    const float gain = unit * task.gain / std::sqrt(*task.magnitude);
    for (int i = 0; i < c; ++i) styles[i] *= gain;
}

BiasActTask bias_and_clamp(const LayerTask& layer) {
    BiasActTask task{};
    task.x = layer.conv.y, task.y = layer.conv.y;
    task.bfloat16 = layer.conv.bfloat16;
    task.bias = layer.filter.bias;
    task.outer = std::int64_t(layer.conv.n) * layer.conv.out_h * layer.conv.out_w;
    task.channels = layer.conv.o, task.inner = 1;
    task.gain = layer.filter.gain, task.slope = layer.filter.slope;
    task.clamp = layer.filter.clamp;
    return task;
}

// Demodulation and bias are part of the product where the filter works on pairs of bfloat16.
void plan_filter(LayerTask& layer, const float* scale) {
    FilterTask& filter = layer.filter;
    const float* bias = filter.bias;
    filter.bias = nullptr;
    if (layer.kernel == 1) plan(filter, Accuracy::halves);
    if (filter.pairs.rank) {
        layer.conv.y_scale = scale, layer.conv.bias = bias;
        return;
    }
    filter.bias = bias, filter.x_scale = scale;
    plan(filter, Accuracy::floats);
}

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

}  // namespace

LayerSeconds run_layer(LayerTask layer, int threads) {
    LayerSeconds spent{};
    auto begin = Clock::now();
    const int n = layer.conv.n, c = layer.conv.c, o = layer.conv.o;
    std::vector<float> styles(std::size_t(n) * c), demodulation(std::size_t(n) * o);
    for (int i = 0; i < n; ++i) {
        make_styles(layer.style, layer.style.w + i * layer.style.w_stride, c, o, threads,
                    &styles[std::size_t(i) * c], &demodulation[std::size_t(i) * o]);
    }
    layer.conv.x_scale = styles.data();
    const float* scale = layer.style.power ? demodulation.data() : nullptr;
    if (layer.filtered) plan_filter(layer, scale);
    run_conv(layer.conv, layer.kernel, threads);
    spent.convolution = seconds_since(begin);
    begin = Clock::now();
    if (layer.filtered) {
        run_filter(layer.filter, threads, 0, 0);
    } else {
        run_bias_act(bias_and_clamp(layer), threads);
    }
    spent.filter = seconds_since(begin);
    return spent;
}

}  // namespace loupe
