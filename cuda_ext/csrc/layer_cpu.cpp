#include "layer_cpu.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

#include "conv_cpu.h"
#include "cpu.h"
#include "filtered_lrelu_cpu.h"
#include "pages.h"
#include "scratch.h"
#include "threads.h"

namespace loupe {
namespace {

// A matrix [count, depth] times a vector; large ones by all threads.
void multiply(const float* matrix, int count, int depth, const float* x, int threads, float* to) {
    const Kernels& kernels = active_kernels();
    const int piece = std::max(1, (1 << 14) / std::max(depth, 1));
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

// Room for the convolution's result. Small ones stay with their thread, and in its caches.
void* place_result(LayerTask& layer, Scratch& own) {
    constexpr std::int64_t small_bytes = 16 << 20;
    static thread_local Scratch kept;
    ConvTask& conv = layer.conv;
    const std::int64_t channels = (conv.o + 15) / 16 * 16;  // every pixel begins a cache line
    conv.y_stride = {channels * conv.out_h * conv.out_w, channels * conv.out_w, channels};
    const std::int64_t bytes = conv.y_stride.n * conv.n * (conv.bfloat16 ? 2 : 4);
    Scratch& scratch = bytes > small_bytes ? own : kept;
    void* result = scratch.floats((bytes + 3) / 4);
    prefer_huge_pages(result, std::size_t(bytes));
    return result;
}

// Demodulation and bias are part of the product where the filter works on pairs of bfloat16.
void scale_result(LayerTask& layer, const float* demodulation) {
    if (layer.filter.pairs.rank) {
        layer.conv.y_scale = demodulation;
        layer.conv.bias = layer.filter.bias;
        layer.filter.bias = nullptr;
    } else {
        layer.filter.x_scale = demodulation;
    }
}

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

}  // namespace

void plan_layer(LayerTask& layer) {
    if (!layer.filtered) return;
    FilterTask& filter = layer.filter;
    const float* bias = filter.bias;
    filter.bias = nullptr;
    plan(filter, Accuracy::halves);
    filter.bias = bias;
}

LayerSeconds run_layer(LayerTask layer, int threads) {
    LayerSeconds spent{};
    auto begin = Clock::now();
    ConvTask& conv = layer.conv;
    FilterTask& filter = layer.filter;
    std::vector<float> styles(std::size_t(conv.n) * conv.c);
    std::vector<float> demodulation(std::size_t(conv.n) * conv.o);
    for (int i = 0; i < conv.n; ++i) {
        make_styles(layer.style, layer.style.w + i * layer.style.w_stride, conv.c, conv.o, threads,
                    &styles[std::size_t(i) * conv.c], &demodulation[std::size_t(i) * conv.o]);
    }
    conv.x_scale = styles.data();
    Scratch own;
    if (layer.filtered) {
        conv.y = place_result(layer, own);
        filter.x = conv.y, filter.x_stride = conv.y_stride;
        scale_result(layer, layer.style.power ? demodulation.data() : nullptr);
    } else {
        conv.y = filter.y, conv.y_stride = filter.y_stride;
    }
    run_conv(conv, layer.kernel, threads);
    spent.convolution = seconds_since(begin);
    begin = Clock::now();
    if (layer.filtered) {
        run_filter(filter, threads, 0, 0);
    } else {
        run_bias_act(bias_and_clamp(layer), threads);
    }
    spent.filter = seconds_since(begin);
    return spent;
}

}  // namespace loupe
