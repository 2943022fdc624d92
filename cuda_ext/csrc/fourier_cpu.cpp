#include "fourier_cpu.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "conv_cpu.h"
#include "cpu.h"
#include "scratch.h"
#include "threads.h"

namespace loupe {
namespace {

constexpr double tau = 6.283185307179586;

struct Matrix {
    double m[3][3];
};

Matrix operator*(const Matrix& a, const Matrix& b) {
    Matrix product{};
    for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < 3; ++j) {
            for (int k = 0; k < 3; ++k) product.m[i][j] += a.m[i][k] * b.m[k][j];
        }
    }
    return product;
}

Matrix wanted_transform(const FourierTask& task, const float* w) {
    double t[4];  // high frequencies multiply its errors
    for (int i = 0; i < 4; ++i) {
        const float* row = task.affine + std::int64_t(i) * task.depth;
        double sum = 0;
        for (int k = 0; k < task.depth; ++k) sum += double(row[k]) * w[k];
        t[i] = sum * task.affine_gain + task.affine_bias[i];
    }
    const double length = std::hypot(t[0], t[1]);
    const double c = t[0] / length, s = t[1] / length, x = t[2] / length, y = t[3] / length;
    const Matrix rotation = {{{c, -s, 0}, {s, c, 0}, {0, 0, 1}}};
    const Matrix shift = {{{1, 0, -x}, {0, 1, -y}, {0, 0, 1}}};
    Matrix before;
    for (int i = 0; i < 9; ++i) before.m[i / 3][i % 3] = task.transform[i];
    return rotation * shift * before;
}

// exp(i (start + k * step)) * size of many channels, for k = 0, 1, ...; in double, so that the
// error of repeated turning stays below that of a float.
struct Turning {
    std::vector<double> re, im, step_re, step_im;

    explicit Turning(int channels)
        : re(channels), im(channels), step_re(channels), step_im(channels) {}

    void set(int c, double start, double step, double size) {
        re[c] = size * std::cos(start), im[c] = size * std::sin(start);
        step_re[c] = std::cos(step), step_im[c] = std::sin(step);
    }

    void write_and_turn(float* cosines, float* sines) {
        for (std::size_t c = 0; c < re.size(); ++c) {
            cosines[c] = static_cast<float>(re[c]), sines[c] = static_cast<float>(im[c]);
            const double x = re[c] * step_re[c] - im[c] * step_im[c];
            im[c] = re[c] * step_im[c] + im[c] * step_re[c];
            re[c] = x;
        }
    }
};

// Sines and cosines of one image: [along x or y][position][sine or cosine][channel].
void fill_tables(const FourierTask& task, const Matrix& matrix, int padded, float* tables) {
    const int size = task.mixing.h, channels = task.mixing.c;
    Turning along_x(channels), along_y(channels);
    const double begin = (0.5 - size / 2.0) / task.sampling_rate;
    for (int c = 0; c < channels; ++c) {
        const double fx = task.freqs[2 * c], fy = task.freqs[2 * c + 1];
        const double phase = task.phases[c] + fx * matrix.m[0][2] + fy * matrix.m[1][2];
        const double x = fx * matrix.m[0][0] + fy * matrix.m[1][0];
        const double y = fx * matrix.m[0][1] + fy * matrix.m[1][1];
        const double beyond = (std::hypot(x, y) - task.bandwidth) / task.fade;
        const double amplitude = std::min(std::max(1 - beyond, 0.0), 1.0);
        along_x.set(c, tau * (x * begin + phase), tau * x / task.sampling_rate, 1);
        along_y.set(c, tau * y * begin, tau * y / task.sampling_rate, amplitude);
    }
    for (int k = 0; k < size; ++k, tables += 2 * padded) {
        along_x.write_and_turn(tables + padded, tables);
    }
    for (int k = 0; k < size; ++k, tables += 2 * padded) {
        along_y.write_and_turn(tables + padded, tables);
    }
}

// One image: a few rows of features at a time, which go into the product while they are near.
void run_image(const ConvTask& image, const float* tables, int padded, int threads) {
    const Kernels& kernels = active_kernels();
    const int size = image.h;
    const std::int64_t bytes = image.bfloat16 ? 2 : 4;
    const int most = static_cast<int>((std::int64_t(128) << 10) / (bytes * padded * size));
    const int rows = std::max(1, std::min(most, size / (2 * threads)));
    parallel_for((size + rows - 1) / rows, threads, [&](std::int64_t unit) {
        static thread_local Scratch scratch;
        float* features = scratch.floats(std::int64_t(rows) * size * padded);
        const int first = static_cast<int>(unit) * rows, end = std::min(first + rows, size);
        for (int row = first; row < end; ++row) {
            const float* y = tables + (std::int64_t(size) + row) * 2 * padded;
            void* to = reinterpret_cast<char*>(features) + (row - first) * size * padded * bytes;
            kernels.wave_row(tables, y, size, padded, image.bfloat16, to);
        }
        ConvTask part = image;
        part.x = features;
        part.x_stride = {0, std::int64_t(size) * padded, padded};
        part.y = static_cast<char*>(image.y) + first * image.y_stride.h * bytes;
        kernels.conv_pixels(part, 0, 0, (end - first) * size);
    });
}

}  // namespace

void run_fourier(const FourierTask& task, int threads) {
    const int size = task.mixing.h;
    const int padded = (task.mixing.c + 15) / 16 * 16;
    std::vector<float> tables(std::size_t(4) * size * padded);
    ConvTask image = task.mixing;
    image.n = 1;
    image.folded = fold_weights(image, threads);
    const std::int64_t bytes = image.bfloat16 ? 2 : 4;
    for (int n = 0; n < task.mixing.n; ++n) {
        const Matrix matrix = wanted_transform(task, task.w + n * task.w_stride);
        fill_tables(task, matrix, padded, tables.data());
        image.y = static_cast<char*>(task.mixing.y) + n * image.y_stride.n * bytes;
        run_image(image, tables.data(), padded, threads);
    }
}

}  // namespace loupe
