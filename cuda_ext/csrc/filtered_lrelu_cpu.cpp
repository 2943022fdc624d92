#include "filtered_lrelu_cpu.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "cpu.h"
#include "filter_pairs.h"
#include "scratch.h"
#include "threads.h"

namespace loupe {
namespace {

bool near(float a, float b, float scale) { return std::fabs(a - b) <= 1e-6f * scale; }

// Equal when mirrored along both axes, up to the rounding of its design.
bool symmetric(const Taps& taps) {
    const int count = taps.separable ? taps.size_x : taps.size_x * taps.size_y;
    float largest = 0;
    for (int k = 0; k < count; ++k) largest = std::max(largest, std::fabs(taps.values[k]));
    if (taps.separable) {
        for (int k = 0; k < count; ++k) {
            if (!near(taps.values[k], taps.values[count - 1 - k], largest)) return false;
        }
        return true;
    }
    for (int y = 0; y < taps.size_y; ++y) {
        for (int x = 0; x < taps.size_x; ++x) {
            const float value = taps.values[y * taps.size_x + x];
            const int mirror_x = taps.size_x - 1 - x, mirror_y = taps.size_y - 1 - y;
            if (!near(value, taps.values[y * taps.size_x + mirror_x], largest)) return false;
            if (!near(value, taps.values[mirror_y * taps.size_x + x], largest)) return false;
        }
    }
    return true;
}

bool fast_case(const FilterTask& task) {
    return task.pattern_mode == Pattern::none && (task.up == 2 || task.up == 4) &&
           task.down == 2 && task.fu.separable && task.fu.size_x == 6 * task.up &&
           task.fd.size_x == 12 && task.fd.size_y == 12 && task.slope >= 0 && task.slope <= 1 &&
           symmetric(task.fu) && symmetric(task.fd);
}

void fold(FilterTask& task) {
    const float* up = task.fu.values;
    for (int j = 0; j < task.up / 2; ++j) {
        for (int m = 0; m < 3; ++m) {
            // samples of phase up-1-j have the taps of phase j in reverse
            const float near_tap = up[j + m * task.up], far_tap = up[j + (5 - m) * task.up];
            task.folded.up_even[j][m] = 0.5f * (near_tap + far_tap);
            task.folded.up_odd[j][m] = 0.5f * (near_tap - far_tap);
        }
    }
    const float* down = task.fd.values;
    for (int j = 0; j < 6; ++j) {
        task.folded.down[j] = down[2 * j];
        for (int k = 0; k < 6 && task.radial; ++k) {
            task.folded.radial[k][j] = down[k * 12 + 2 * j];
        }
    }
}

// From the largest sum of magnitudes of the taps of one phase; with room for rounding.
float unclamped_limit(const FilterTask& task) {
    if (task.clamp < 0) return INFINITY;
    float largest = 0;
    for (int j = 0; j < task.up / 2; ++j) {
        float sum = 0;
        for (int m = 0; m < 3; ++m) {
            const float even = task.folded.up_even[j][m], odd = task.folded.up_odd[j][m];
            sum += std::fabs(even + odd) + std::fabs(even - odd);
        }
        largest = std::max(largest, sum);
    }
    return 0.999f * task.clamp / (std::fabs(task.gain) * largest * largest);
}

int default_width(const FilterTask& task) {
    // halo of a strip against the size of its buffers, which should stay in the nearer caches;
    // measured to be flat between 40 and 150 (separable, pairs), 32 and 80 (radial)
    return task.fast ? 76 : 32;
}

}  // namespace

void plan(FilterTask& task, Accuracy accuracy) {
    task.fast = accuracy != Accuracy::plain && fast_case(task);
    task.radial = task.fast && !task.fd.separable;
    task.pairs.rank = 0;
    if (!task.fast) return;
    fold(task);
    task.folded.unclamped = unclamped_limit(task);
    const bool is_plain = !task.bias && !task.x_scale && !task.y_scale;
    if (accuracy == Accuracy::halves && task.bfloat16 && is_plain && active_kernels().has_pairs) {
        plan_pairs(task);
    }
}

void run_filter(const FilterTask& task, int threads, int strip_width, int strip_rows) {
    const Kernels& kernels = active_kernels();
    const int widest = strip_width > 0 ? strip_width : default_width(task);
    const int columns = (task.out_w + widest - 1) / widest;
    // strips of even widths, in whole tiles of the radial filter
    const int width = ((task.out_w + columns - 1) / columns + 3) / 4 * 4;
    // two blocks of bfloat16 make a cache line
    const int channels = task.pairs.rank ? 2 * kernels.lanes : kernels.lanes;
    const int blocks = (task.c + channels - 1) / channels;
    int rows = strip_rows > 0 ? strip_rows : task.out_h;
    if (strip_rows <= 0) {
        // a few units per thread at least; shorter bands repeat the work at their upper edge
        const std::int64_t units = std::int64_t(task.n) * columns * blocks;
        const int wanted = task.pairs.rank ? 1 : 3;
        while (units * ((task.out_h + rows - 1) / rows) < wanted * threads && rows > 16) {
            rows = (rows / 2 + 1) / 2 * 2;
        }
    }
    const int bands = (task.out_h + rows - 1) / rows;
    const std::int64_t floats = kernels.strip_floats(task, width);
    const std::int64_t units = std::int64_t(task.n) * bands * columns * blocks;
    parallel_for(units, threads, [&](std::int64_t unit) {
        static thread_local Scratch scratch;
        // neighbouring channel blocks first: they share cache lines and pages
        const int block = static_cast<int>(unit % blocks);
        const int column = static_cast<int>(unit / blocks % columns) * width;
        const int row = static_cast<int>(unit / blocks / columns % bands) * rows;
        const int image = static_cast<int>(unit / blocks / columns / bands);
        if (column >= task.out_w) return;
        const int row_end = std::min(row + rows, task.out_h);
        const int columns_here = std::min(width, task.out_w - column);
        const Strip strip{image, block * channels, row, row_end, column, columns_here};
        kernels.strip(task, strip, scratch.floats(floats));
    });
}

namespace {

void run_bias_act_rows(const BiasActTask& task, int threads) {
    const std::int64_t size = task.inner == 1 ? task.channels : task.inner;
    const std::int64_t rows = task.inner == 1 ? task.outer : task.outer * task.channels;
    // pieces of about 64 thousand elements: small tensors are not worth waking threads
    const std::int64_t piece =
        std::max<std::int64_t>(1, (1 << 16) / std::max<std::int64_t>(size, 1));
    const Kernels& kernels = active_kernels();
    parallel_for((rows + piece - 1) / piece, threads, [&](std::int64_t unit) {
        kernels.bias_act(task, unit * piece, std::min(rows, (unit + 1) * piece));
    });
}

}  // namespace

void run_bias_act(const BiasActTask& task, int threads) {
    const std::int64_t repeat = task.channels > 0 ? 256 / task.channels : 0;
    if (task.inner != 1 || repeat < 2 || task.outer < repeat || task.x_scale || task.noise) {
        run_bias_act_rows(task, threads);
        return;
    }
    // few channels (a picture): several pixels make one row that fills the vectors
    std::vector<float> bias(repeat * task.channels, 0.0f);
    for (std::size_t k = 0; k < bias.size() && task.bias; ++k) {
        bias[k] = task.bias[k % task.channels];
    }
    BiasActTask wide = task, rest = task;
    wide.bias = bias.data();
    wide.channels = task.channels * repeat;
    wide.outer = task.outer / repeat;
    run_bias_act_rows(wide, threads);
    const std::int64_t bytes = wide.outer * wide.channels * (task.bfloat16 ? 2 : 4);
    rest.x = static_cast<const char*>(task.x) + bytes;
    rest.y = static_cast<char*>(task.y) + bytes;
    rest.outer = task.outer - wide.outer * repeat;
    run_bias_act_rows(rest, threads);
}

}  // namespace loupe
