// The kernels without Python: `kernel_test FILE` reads cases of filtered_lrelu with their expected
// results (see test_native_program.py), runs them with every usable instruction set on several
// threads of our own, in both number formats, and compares convolutions with plain sums in double.
// Meant for sanitisers and for processors that are only emulated.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "../../../cuda_ext/csrc/bfloat16.h"
#include "../../../cuda_ext/csrc/conv_cpu.h"
#include "../../../cuda_ext/csrc/cpu.h"
#include "../../../cuda_ext/csrc/filtered_lrelu_cpu.h"
#include "../../../cuda_ext/csrc/fourier_cpu.h"
#include "../../../cuda_ext/csrc/threads.h"

namespace {

using loupe::BFloat16;
using Floats = std::vector<float>;

constexpr int num_threads = 3;
int failures = 0;

// Exact sizes on the heap: a sanitiser sees every access beyond the ends.
Floats read_floats(std::FILE* file, std::size_t count) {
    Floats values(count);
    if (std::fread(values.data(), sizeof(float), count, file) != count) std::abort();
    return values;
}

std::vector<int> read_ints(std::FILE* file, std::size_t count) {
    std::vector<int> values(count);
    if (std::fread(values.data(), sizeof(int), count, file) != count) std::abort();
    return values;
}

std::vector<BFloat16> rounded(const Floats& values) {
    std::vector<BFloat16> halves(values.size());
    std::transform(values.begin(), values.end(), halves.begin(), loupe::round_to<BFloat16>);
    return halves;
}

Floats widened(const std::vector<BFloat16>& values) {
    Floats wide(values.size());
    std::transform(values.begin(), values.end(), wide.begin(),
                   [](BFloat16 value) { return loupe::to_float(value); });
    return wide;
}

void compare(const Floats& got, const Floats& want, double tolerance, const std::string& what) {
    double largest = 1e-30, error = 0;
    for (std::size_t i = 0; i < want.size(); ++i) {
        largest = std::max(largest, std::fabs(double(want[i])));
        const double off = std::fabs(double(got[i]) - want[i]);
        error = std::max(error, std::isnan(off) ? INFINITY : off);
    }
    if (error <= tolerance * largest) return;
    std::printf("%s (%s): off by %.2e of the largest value\n", what.c_str(),
                loupe::active_kernels().name, error / largest);
    ++failures;
}

struct FilterCase {
    loupe::FilterTask task{};
    Floats x, fu, fd, bias, y;
};

loupe::Taps taps_of(const Floats& values, const int* numbers) {
    return {values.data(), numbers[0], numbers[1], numbers[2] != 0};
}

// n, c, h, w, out_h, out_w, up, down, pad_x, pad_y, (size_y, size_x, separable) of fu and fd,
// has_bias; gain, slope, clamp; then x [N, H, W, C], fu, fd, bias, y.
std::unique_ptr<FilterCase> read_case(std::FILE* file) {
    auto test = std::make_unique<FilterCase>();
    loupe::FilterTask& task = test->task;
    const std::vector<int> k = read_ints(file, 17);
    const Floats scalars = read_floats(file, 3);
    task.n = k[0], task.c = k[1], task.h = k[2], task.w = k[3];
    task.out_h = k[4], task.out_w = k[5], task.up = k[6], task.down = k[7];
    task.pad_x = k[8], task.pad_y = k[9];
    task.gain = scalars[0], task.slope = scalars[1], task.clamp = scalars[2];
    test->x = read_floats(file, std::size_t(task.n) * task.h * task.w * task.c);
    test->fu = read_floats(file, k[12] ? k[11] : k[10] * k[11]);
    test->fd = read_floats(file, k[15] ? k[14] : k[13] * k[14]);
    test->bias = read_floats(file, k[16] ? task.c : 0);
    test->y = read_floats(file, std::size_t(task.n) * task.out_h * task.out_w * task.c);
    task.fu = taps_of(test->fu, &k[10]);
    task.fd = taps_of(test->fd, &k[13]);
    task.bias = k[16] ? test->bias.data() : nullptr;
    task.x_stride = {std::int64_t(task.h) * task.w * task.c, std::int64_t(task.w) * task.c, task.c};
    task.y_stride = {std::int64_t(task.out_h) * task.out_w * task.c,
                     std::int64_t(task.out_w) * task.c, task.c};
    return test;
}

void run_case(const FilterCase& test, loupe::Accuracy accuracy, const std::string& what) {
    loupe::FilterTask task = test.task;
    Floats y(test.y.size());
    task.x = test.x.data(), task.y = y.data();
    loupe::plan(task, accuracy);
    loupe::run_filter(task, num_threads, 0, 0);
    compare(y, test.y, 1e-5, what);
    // strips that do not divide the picture
    loupe::run_filter(task, num_threads, 7, 6);
    compare(y, test.y, 1e-5, what + " in small strips");
    const std::vector<BFloat16> x = rounded(test.x);
    std::vector<BFloat16> z(test.y.size());
    task.x = x.data(), task.y = z.data(), task.bfloat16 = true;
    loupe::run_filter(task, num_threads, 0, 0);
    compare(widened(z), test.y, 3e-2, what + " in bfloat16");
}

// The bias is left out, as the kernels on pairs leave it to the product before them.
void run_pairs(const FilterCase& test, const std::string& what) {
    loupe::FilterTask task = test.task;
    const std::vector<BFloat16> x = rounded(test.x);
    Floats want(test.y.size());
    const Floats wide = widened(x);
    task.bias = nullptr, task.x = wide.data(), task.y = want.data();
    loupe::plan(task, loupe::Accuracy::floats);
    loupe::run_filter(task, num_threads, 0, 0);
    std::vector<BFloat16> y(test.y.size());
    task.x = x.data(), task.y = y.data(), task.bfloat16 = true;
    loupe::plan(task, loupe::Accuracy::halves);
    for (int width : {0, 1, 7}) {
        loupe::run_filter(task, num_threads, width, 2 * width);
        compare(widened(y), want, 2e-2, what + " on pairs");
    }
}

// The pattern of signs written by a forward call fits the array that Python makes for it.
void run_pattern(const FilterCase& test, const std::string& what) {
    loupe::FilterTask task = test.task;
    Floats y(test.y.size());
    task.x = test.x.data(), task.y = y.data();
    task.pattern_h = (task.out_h - 1) * task.down + task.fd.size_y;
    task.pattern_w = (task.out_w - 1) * task.down + task.fd.size_x;
    const std::size_t size = std::size_t(task.n) * task.pattern_h * task.pattern_w * task.c;
    std::vector<std::uint8_t> pattern(size, 255);
    task.pattern = pattern.data();
    task.pattern_mode = loupe::Pattern::write;
    loupe::plan(task, loupe::Accuracy::floats);
    loupe::run_filter(task, num_threads, 5, 4);
    compare(y, test.y, 1e-5, what + " with its pattern");
    if (std::count(pattern.begin(), pattern.end(), 255)) {
        std::printf("%s: the pattern has holes\n", what.c_str());
        ++failures;
    }
}

void run_conv(std::mt19937& rng, int kernel) {
    const auto pick = [&](int low, int high) {
        return std::uniform_int_distribution<int>(low, high)(rng);
    };
    std::normal_distribution<float> normal;
    loupe::ConvTask task{};
    task.n = pick(1, 2), task.c = pick(1, 40), task.o = pick(1, 40);
    task.h = pick(3, 14), task.w = pick(3, 14), task.pad = kernel == 3 ? pick(0, 2) : 0;
    task.out_h = task.h + 2 * task.pad - kernel + 1;
    task.out_w = task.w + 2 * task.pad - kernel + 1;
    task.x_stride = {std::int64_t(task.h) * task.w * task.c, std::int64_t(task.w) * task.c, task.c};
    task.y_stride = {std::int64_t(task.out_h) * task.out_w * task.o,
                     std::int64_t(task.out_w) * task.o, task.o};
    Floats x(std::size_t(task.n) * task.h * task.w * task.c), bias(task.o), scales(task.n * task.o);
    Floats weight(std::size_t(task.o) * task.c * kernel * kernel), styles(task.n * task.c);
    Floats y(std::size_t(task.n) * task.out_h * task.out_w * task.o), want(y.size());
    for (Floats* values : {&x, &weight, &styles, &bias, &scales}) {
        for (float& value : *values) value = normal(rng);
    }
    Floats packed(loupe::packed_floats(task.o, task.c, kernel));
    loupe::pack_weights(weight.data(), task.o, task.c, kernel, num_threads, packed.data());
    for (std::size_t i = 0; i < want.size(); ++i) {
        const int o = int(i % task.o), column = int(i / task.o % task.out_w);
        const int row = int(i / task.o / task.out_w % task.out_h);
        const int n = int(i / task.o / task.out_w / task.out_h);
        double sum = 0;
        for (int ky = 0; ky < kernel; ++ky) {
            for (int kx = 0; kx < kernel; ++kx) {
                const int in_y = row + ky - task.pad, in_x = column + kx - task.pad;
                if (in_y < 0 || in_y >= task.h || in_x < 0 || in_x >= task.w) continue;
                const float* from = &x[((std::size_t(n) * task.h + in_y) * task.w + in_x) * task.c];
                for (int c = 0; c < task.c; ++c) {
                    sum += double(from[c]) * styles[n * task.c + c] *
                           weight[((std::size_t(o) * task.c + c) * kernel + ky) * kernel + kx];
                }
            }
        }
        want[i] = float(sum * scales[n * task.o + o] + bias[o]);
    }
    task.x = x.data(), task.y = y.data(), task.weights = packed.data();
    task.x_scale = styles.data(), task.y_scale = scales.data(), task.bias = bias.data();
    loupe::run_conv(task, kernel, num_threads);
    const std::string what = "convolution " + std::to_string(kernel);
    compare(y, want, 1e-5, what);
    const std::vector<BFloat16> half = rounded(x);
    std::vector<BFloat16> z(y.size());
    task.x = half.data(), task.y = z.data(), task.bfloat16 = true;
    loupe::run_conv(task, kernel, num_threads);
    compare(widened(z), want, 3e-2, what + " in bfloat16");
}

// Without rotation, translation and mixing: plain waves.
void run_fourier(int channels, int size, bool bfloat16) {
    const int depth = 3, n = 2;
    const double rate = size / 1.5;
    const Floats w(n * depth, 0.0f), affine(4 * depth, 1.0f), affine_bias = {2, 0, 0, 0};
    const Floats transform = {1, 0, 0.25f, 0, 1, 0, 0, 0, 1};
    Floats freqs(2 * channels), phases(channels), weight(channels * channels);
    Floats y(std::size_t(n) * size * size * channels), want(y.size());
    for (int c = 0; c < channels; ++c) {
        freqs[2 * c] = std::sin(float(c)), freqs[2 * c + 1] = std::cos(2.0f * c);
        phases[c] = std::sin(3.0f * c), weight[c * channels + c] = 1;
    }
    for (std::size_t i = 0; i < want.size(); ++i) {
        const int c = int(i % channels), column = int(i / channels % size);
        const double row = double(i / channels / size % size);
        const double at_x = (column + 0.5 - size / 2.0) / rate + 0.25;
        const double at_y = (row + 0.5 - size / 2.0) / rate;
        const double turns = at_x * freqs[2 * c] + at_y * freqs[2 * c + 1] + phases[c];
        want[i] = float(std::sin(6.283185307179586 * turns));
    }
    Floats packed(loupe::packed_floats(channels, channels, 1));
    loupe::pack_weights(weight.data(), channels, channels, 1, num_threads, packed.data());
    std::vector<BFloat16> halves(y.size());
    loupe::FourierTask task{};
    task.w = w.data(), task.w_stride = depth, task.depth = depth, task.affine_gain = 1;
    task.affine = affine.data(), task.affine_bias = affine_bias.data();
    task.transform = transform.data(), task.freqs = freqs.data(), task.phases = phases.data();
    task.sampling_rate = rate, task.bandwidth = 2, task.fade = 1;
    loupe::ConvTask& mixing = task.mixing;
    mixing.weights = packed.data(), mixing.bfloat16 = bfloat16;
    mixing.y = bfloat16 ? static_cast<void*>(halves.data()) : y.data();
    mixing.n = n, mixing.c = mixing.o = channels;
    mixing.h = mixing.w = mixing.out_h = mixing.out_w = size;
    mixing.y_stride = {std::int64_t(size) * size * channels, std::int64_t(size) * channels,
                       channels};
    loupe::run_fourier(task, num_threads);
    compare(bfloat16 ? widened(halves) : y, want, bfloat16 ? 2e-2 : 1e-5, "Fourier features");
}

void run_dots(int count, int depth) {
    Floats rows(count * depth), x(depth), want(count), got(count);
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = std::sin(float(i));
    for (int k = 0; k < depth; ++k) x[k] = std::cos(float(k));
    for (int r = 0; r < count; ++r) {
        double sum = 0;
        for (int k = 0; k < depth; ++k) sum += double(rows[r * depth + k]) * x[k];
        want[r] = float(sum);
    }
    loupe::active_kernels().dots(rows.data(), count, depth, x.data(), got.data());
    compare(got, want, 1e-5, "dots");
}

void run_bias_act(int channels, int pixels, bool last) {
    Floats x(channels * pixels), y(x.size()), want(x.size()), bias(channels);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(float(i));
    for (int c = 0; c < channels; ++c) bias[c] = std::cos(float(c));
    for (std::size_t i = 0; i < x.size(); ++i) {
        const float a = x[i] + bias[last ? i % channels : i / pixels];
        want[i] = std::min(std::max(1.5f * (a < 0 ? 0.2f * a : a), -1.0f), 1.0f);
    }
    loupe::BiasActTask task{};
    task.x = x.data(), task.y = y.data(), task.bias = bias.data();
    task.outer = last ? pixels : 1, task.channels = channels, task.inner = last ? 1 : pixels;
    task.gain = 1.5f, task.slope = 0.2f, task.clamp = 1.0f;
    loupe::run_bias_act(task, num_threads);
    compare(y, want, 1e-6, "bias_act");
}

}  // namespace

int main(int count, char** arguments) {
    std::FILE* file = count > 1 ? std::fopen(arguments[1], "rb") : nullptr;
    if (!file) {
        std::printf("usage: kernel_test FILE\n");
        return 2;
    }
    std::vector<std::unique_ptr<FilterCase>> cases(read_ints(file, 1)[0]);
    for (auto& test : cases) test = read_case(file);
    std::fclose(file);
    for (const loupe::Kernels* kernels : loupe::usable_kernels()) {
        loupe::select_kernels(kernels->name);
        for (std::size_t i = 0; i < cases.size(); ++i) {
            const std::string what = "case " + std::to_string(i);
            run_case(*cases[i], loupe::Accuracy::floats, what);
            run_case(*cases[i], loupe::Accuracy::plain, what + " without folding");
            run_pairs(*cases[i], what);
            run_pattern(*cases[i], what);
        }
        std::mt19937 rng(1);
        for (int k = 0; k < 12; ++k) run_conv(rng, k % 3 ? 3 : 1);
        for (int depth : {1, 16, 37, 130}) run_dots(5, depth);
        for (int channels : {1, 21, 48}) {
            run_fourier(channels, 19, false);
            run_fourier(channels, 36, true);
        }
        for (int channels : {1, 3, 40, 300}) {
            run_bias_act(channels, 2000, true);
            run_bias_act(channels, 77, false);
        }
        std::printf("%s: %zu cases\n", kernels->name, cases.size());
    }
    std::printf(failures ? "%d failures\n" : "all equal\n", failures);
    return failures ? 1 : 0;
}
