#include "conv_cpu.h"

#include <algorithm>

#include "cpu.h"
#include "scratch.h"
#include "threads.h"
#include "winograd_points.h"

namespace loupe {
namespace {

constexpr int winograd_points = 6;

int positions_of(int kernel) { return kernel == 3 ? winograd_points * winograd_points : 1; }

// Three taps to the six points, exactly as far as double goes.
void points_of_taps(const double* g, double* to) {
    const double points[5] = {0, winograd::A, -winograd::A, winograd::B, -winograd::B};
    for (int i = 0; i < 5; ++i) {
        double scale = 1;
        for (int j = 0; j < 5; ++j) {
            if (j != i) scale *= points[i] - points[j];
        }
        to[i] = (g[0] + points[i] * g[1] + points[i] * points[i] * g[2]) / scale;
    }
    to[5] = g[2];
}

// [3, 3] taps to values at 36 positions.
void transform_taps(const float* taps, double* to) {
    double columns[3][winograd_points];  // [tap along x][point along y]
    for (int x = 0; x < 3; ++x) {
        const double line[3] = {taps[x], taps[3 + x], taps[6 + x]};
        points_of_taps(line, columns[x]);
    }
    for (int y = 0; y < winograd_points; ++y) {
        const double line[3] = {columns[0][y], columns[1][y], columns[2][y]};
        points_of_taps(line, to + y * winograd_points);
    }
}

// Tiles (or pixels) of one unit: inputs that stay in the outer caches, rows that fill the products,
// and a few units for each thread. `floats`: of the inputs of one of them.
int unit_tiles(std::int64_t floats, std::int64_t budget, const Kernels& kernels, std::int64_t tiles,
               int threads) {
    const int step = kernels.product_rows;
    std::int64_t most = budget / floats / step * step;
    most = std::min<std::int64_t>(std::max<std::int64_t>(most, 2 * step), 16 * step);
    while (most > step && (tiles + most - 1) / most < 2 * threads) most -= step;
    const std::int64_t units = (tiles + most - 1) / most;
    return static_cast<int>((tiles + units - 1) / units);
}

constexpr std::int64_t small_work = 1 << 16;  // multiplications that are not worth waking threads
constexpr std::int64_t folded_floats = 1 << 22;  // of the weights of all images at once

void run_images(ConvTask task, const Kernels& kernels, int threads) {
    task.folded = fold_weights(task, threads);
    const std::int64_t pixels = std::int64_t(task.h) * task.w;
    const int step = kernels.product_rows;
    // whole groups of rows, so that only the last unit of an image has a rest
    const int piece =
        (unit_tiles(task.c, 128 << 10, kernels, task.n * pixels, threads) + step - 1) / step * step;
    const std::int64_t pieces = (pixels + piece - 1) / piece;
    parallel_for(task.n * pieces, threads, [&](std::int64_t unit) {
        const std::int64_t first = unit % pieces * piece;
        const int count = static_cast<int>(std::min<std::int64_t>(piece, pixels - first));
        kernels.conv_pixels(task, static_cast<int>(unit / pieces), first, count);
    });
}

// As many images at once as need little memory for their weights.
void run_pixels(const ConvTask& task, int threads) {
    const Kernels& kernels = active_kernels();
    const std::int64_t panels = (task.o + kernels.panel_width - 1) / kernels.panel_width;
    const std::int64_t each = panels * kernels.panel_width * task.c;
    const int most = static_cast<int>(std::max<std::int64_t>(1, folded_floats / each));
    const std::int64_t bytes = task.bfloat16 ? 2 : 4;
    for (int first = 0; first < task.n; first += most) {
        ConvTask some = task;
        some.n = std::min(most, task.n - first);
        some.x = static_cast<const char*>(task.x) + first * task.x_stride.n * bytes;
        some.y = static_cast<char*>(task.y) + first * task.y_stride.n * bytes;
        if (task.x_scale) some.x_scale = task.x_scale + std::int64_t(first) * task.c;
        if (task.y_scale) some.y_scale = task.y_scale + std::int64_t(first) * task.o;
        run_images(some, kernels, threads);
    }
}

}  // namespace

const float* fold_weights(const ConvTask& task, int threads) {
    static thread_local Scratch scratch;
    const Kernels& kernels = active_kernels();
    const std::int64_t panels = (task.o + kernels.panel_width - 1) / kernels.panel_width;
    const std::int64_t size = std::int64_t(task.c) * kernels.panel_width;
    float* to = scratch.floats(task.n * panels * size);
    const bool small = task.n * panels * size < small_work;
    parallel_for(task.n * panels, small ? 1 : threads, [&](std::int64_t unit) {
        const int image = static_cast<int>(unit / panels);
        kernels.fold_panel(task, image, static_cast<int>(unit % panels), to + unit * size);
    });
    return to;
}

std::int64_t packed_floats(int o, int c, int kernel) {
    const int width = active_kernels().panel_width;
    return std::int64_t((o + width - 1) / width) * width * c * positions_of(kernel);
}

void pack_weights(const float* weight, int o, int c, int kernel, int threads, float* packed) {
    const int width = active_kernels().panel_width, positions = positions_of(kernel);
    const std::int64_t panel = std::int64_t(width) * c * positions;
    parallel_for((o + width - 1) / width, threads, [&](std::int64_t unit) {
        float* to = packed + unit * panel;
        std::fill(to, to + panel, 0.0f);
        for (int k = 0; k < width && unit * width + k < o; ++k) {
            for (int i = 0; i < c; ++i) {
                const std::int64_t at = (unit * width + k) * c + i;
                double points[winograd_points * winograd_points] = {weight[at]};
                if (kernel == 3) transform_taps(weight + at * 9, points);
                for (int p = 0; p < positions; ++p) {
                    to[(std::int64_t(p) * c + i) * width + k] = static_cast<float>(points[p]);
                }
            }
        }
    });
}

void run_conv(ConvTask task, int kernel, int threads) {
    if (kernel == 1) {
        run_pixels(task, threads);
        return;
    }
    const Kernels& kernels = active_kernels();
    task.tiles_y = (task.out_h + 3) / 4;
    task.tiles_x = (task.out_w + 3) / 4;
    const std::int64_t tiles = std::int64_t(task.n) * task.tiles_y * task.tiles_x;
    const std::int64_t each = std::int64_t(task.c) * positions_of(kernel);
    const int piece = unit_tiles(each, 1 << 20, kernels, tiles, threads);
    const std::int64_t floats = kernels.conv_floats(task, piece);
    parallel_for((tiles + piece - 1) / piece, threads, [&](std::int64_t unit) {
        static thread_local Scratch scratch;
        const std::int64_t first = unit * piece;
        const int count = static_cast<int>(std::min<std::int64_t>(piece, tiles - first));
        kernels.conv(task, first, count, scratch.floats(floats));
    });
}

}  // namespace loupe
