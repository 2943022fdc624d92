// Python bindings. Pointers, shapes, strides and scalars go in; no torch headers are needed.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <mutex>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "conv_cpu.h"
#include "cpu.h"
#include "filtered_lrelu_cpu.h"
#include "fourier_cpu.h"
#include "gil.h"
#include "layer_cpu.h"
#include "pages.h"
#include "threads.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace py = pybind11;

namespace {

using Address = std::uintptr_t;

const float* floats(Address address) { return reinterpret_cast<const float*>(address); }

// A result that is about to be written, with its stride from image to image.
void prepare_result(void* y, int images, std::int64_t stride, bool bfloat16) {
    loupe::prefer_huge_pages(y, std::size_t(images) * stride * (bfloat16 ? 2 : 4));
}

// A filter as it comes from Python: address or 0, its shape, one number of taps for both axes.
struct Filter {
    Address values;
    int size_y, size_x;
    bool separable;
};

// Correlation taps; `kept` holds them where they had to be reversed.
loupe::Taps taps(const Filter& filter, bool reverse, std::vector<float>& kept) {
    static const float one = 1.0f;
    if (!filter.values) return {&one, 1, 1, true};
    const float* values = floats(filter.values);
    if (reverse) {
        const int count = filter.separable ? filter.size_x : filter.size_x * filter.size_y;
        kept.assign(std::reverse_iterator<const float*>(values + count),
                    std::reverse_iterator<const float*>(values));
        values = kept.data();
    }
    return {values, filter.size_y, filter.size_x, filter.separable};
}

Filter filter_of(const std::tuple<Address, int, int, bool>& f) {
    return {std::get<0>(f), std::get<1>(f), std::get<2>(f), std::get<3>(f)};
}

// shape: n, c, h, w, out_h, out_w. pads: x, y of the first sample.
// pattern: mode (0 none, 1 write, 2 read), height, width, y, x. tuning: strip width, rows,
// accuracy (0 the general kernel, 1 float32, 2 bfloat16 inside).
void filtered_lrelu(Address x, Address y, std::array<Address, 4> vectors, std::array<int, 6> shape,
                    std::array<std::int64_t, 3> x_stride, std::array<std::int64_t, 3> y_stride,
                    std::tuple<Address, int, int, bool> fu, std::tuple<Address, int, int, bool> fd,
                    bool reverse, std::array<int, 4> factors, std::array<float, 3> scalars,
                    std::array<int, 5> pattern, int dtype, int threads,
                    std::array<int, 3> tuning) {
    loupe::WithoutGil release;
    loupe::FilterTask task{};
    task.x = reinterpret_cast<const void*>(x);
    task.y = reinterpret_cast<void*>(y);
    task.bfloat16 = dtype == 1;
    task.bias = floats(vectors[0]);
    task.x_scale = floats(vectors[1]);
    task.y_scale = floats(vectors[2]);
    task.pattern = reinterpret_cast<std::uint8_t*>(vectors[3]);
    task.pattern_mode = static_cast<loupe::Pattern>(pattern[0]);
    task.pattern_h = pattern[1], task.pattern_w = pattern[2];
    task.pattern_y = pattern[3], task.pattern_x = pattern[4];
    task.n = shape[0], task.c = shape[1], task.h = shape[2], task.w = shape[3];
    task.out_h = shape[4], task.out_w = shape[5];
    task.x_stride = {x_stride[0], x_stride[1], x_stride[2]};
    task.y_stride = {y_stride[0], y_stride[1], y_stride[2]};
    task.up = factors[0], task.down = factors[1];
    task.pad_x = factors[2], task.pad_y = factors[3];
    task.gain = scalars[0], task.slope = scalars[1], task.clamp = scalars[2];
    std::vector<float> kept_up, kept_down;
    task.fu = taps(filter_of(fu), reverse, kept_up);
    task.fd = taps(filter_of(fd), reverse, kept_down);
    prepare_result(task.y, task.n, task.y_stride.n, task.bfloat16);
    loupe::plan(task, static_cast<loupe::Accuracy>(tuning[2]));
    loupe::run_filter(task, threads, tuning[0], tuning[1]);
}

// vectors: bias, x_scale, noise. shape: outer, channels, inner, rows of an image, rows of noise.
void bias_act(Address x, Address y, std::array<Address, 3> vectors,
              std::array<std::int64_t, 5> shape, float gain, float slope, float clamp, int dtype,
              int threads) {
    loupe::WithoutGil release;
    loupe::BiasActTask task{};
    task.x = reinterpret_cast<const void*>(x);
    task.y = reinterpret_cast<void*>(y);
    task.bfloat16 = dtype == 1;
    task.bias = floats(vectors[0]), task.x_scale = floats(vectors[1]);
    task.noise = floats(vectors[2]);
    task.outer = shape[0], task.channels = shape[1], task.inner = shape[2];
    task.image_rows = shape[3], task.noise_rows = shape[4];
    task.gain = gain, task.slope = slope, task.clamp = clamp;
    loupe::run_bias_act(task, threads);
}

void pack_weights(Address weight, Address packed, std::array<int, 3> shape, int threads) {
    loupe::WithoutGil release;
    loupe::prefer_huge_pages(
        reinterpret_cast<void*>(packed),
        sizeof(float) * std::size_t(loupe::packed_floats(shape[0], shape[1], shape[2])));
    loupe::pack_weights(floats(weight), shape[0], shape[1], shape[2], threads,
                        reinterpret_cast<float*>(packed));
}

// shape: n, c, h, w, o, out_h, out_w. vectors: x_scale, y_scale.
void conv(Address x, Address y, Address packed, std::array<Address, 2> vectors,
          std::array<int, 7> shape, std::array<std::int64_t, 3> x_stride,
          std::array<std::int64_t, 3> y_stride, int kernel, int pad, int dtype, int threads) {
    loupe::WithoutGil release;
    loupe::ConvTask task{};
    task.x = reinterpret_cast<const void*>(x);
    task.y = reinterpret_cast<void*>(y);
    task.weights = floats(packed);
    task.x_scale = floats(vectors[0]), task.y_scale = floats(vectors[1]);
    task.bfloat16 = dtype == 1;
    task.n = shape[0], task.c = shape[1], task.h = shape[2], task.w = shape[3];
    task.o = shape[4], task.out_h = shape[5], task.out_w = shape[6], task.pad = pad;
    task.x_stride = {x_stride[0], x_stride[1], x_stride[2]};
    task.y_stride = {y_stride[0], y_stride[1], y_stride[2]};
    prepare_result(task.y, task.n, task.y_stride.n, task.bfloat16);
    loupe::run_conv(task, kernel, threads);
}

loupe::Strides strides(const std::array<std::int64_t, 3>& s) { return {s[0], s[1], s[2]}; }

// addresses: w, affine, its bias, transform, freqs, phases, packed mixing weights, y. shape: n, c,
// size, depth of w. numbers: affine gain, sampling rate, bandwidth, width of the fade.
void fourier(std::array<Address, 8> addresses, std::array<int, 4> shape, std::int64_t w_stride,
             std::array<std::int64_t, 3> y_stride, std::array<double, 4> numbers, int dtype,
             int threads) {
    loupe::WithoutGil release;
    loupe::FourierTask task{};
    task.w = floats(addresses[0]), task.w_stride = w_stride, task.depth = shape[3];
    task.affine = floats(addresses[1]), task.affine_bias = floats(addresses[2]);
    task.affine_gain = numbers[0];
    task.transform = floats(addresses[3]);
    task.freqs = floats(addresses[4]), task.phases = floats(addresses[5]);
    task.sampling_rate = numbers[1], task.bandwidth = numbers[2], task.fade = numbers[3];
    loupe::ConvTask& mixing = task.mixing;
    mixing.weights = floats(addresses[6]), mixing.y = reinterpret_cast<void*>(addresses[7]);
    mixing.bfloat16 = dtype == 1;
    mixing.n = shape[0], mixing.c = mixing.o = shape[1], mixing.h = mixing.w = shape[2];
    mixing.out_h = mixing.out_w = shape[2];
    mixing.y_stride = strides(y_stride);
    prepare_result(mixing.y, mixing.n, mixing.y_stride.n, mixing.bfloat16);
    loupe::run_fourier(task, threads);
}

// A layer on inputs of one shape: everything that stays, and is kept by the caller.
class Layer {
   public:
    // addresses: bias, affine, its bias, magnitude, power, packed weights. shape: n, c, h, w, o, the
    // convolution's h and w, out_h, out_w, depth of w. stride: of x and of the result. numbers:
    // affine gain, gain of styles, epsilon, gain, slope, clamp.
    Layer(std::array<Address, 6> addresses, std::array<int, 10> shape,
          std::array<std::array<std::int64_t, 3>, 2> stride, std::pair<int, int> conv,
          std::tuple<Address, int, int, bool> fu, std::tuple<Address, int, int, bool> fd,
          bool filtered, std::array<int, 4> factors, std::array<float, 6> numbers, int dtype) {
        task_.kernel = conv.first, task_.filtered = filtered;
        task_.style = {nullptr, 0, shape[9], floats(addresses[1]), floats(addresses[2]),
                       floats(addresses[3]), floats(addresses[4]), numbers[0], numbers[1],
                       numbers[2]};
        loupe::ConvTask& product = task_.conv;
        product.weights = floats(addresses[5]), product.bfloat16 = dtype == 1;
        product.n = shape[0], product.c = shape[1], product.h = shape[2], product.w = shape[3];
        product.o = shape[4], product.out_h = shape[5], product.out_w = shape[6];
        product.pad = conv.second;
        product.x_stride = strides(stride[0]);
        loupe::FilterTask& filter = task_.filter;
        filter.bfloat16 = product.bfloat16, filter.bias = floats(addresses[0]);
        filter.n = shape[0], filter.c = shape[4], filter.h = shape[5], filter.w = shape[6];
        filter.out_h = shape[7], filter.out_w = shape[8];
        filter.y_stride = strides(stride[1]);
        filter.up = factors[0], filter.down = factors[1];
        filter.pad_x = factors[2], filter.pad_y = factors[3];
        filter.gain = numbers[3], filter.slope = numbers[4], filter.clamp = numbers[5];
        filter.fu = taps(filter_of(fu), true, kept_up_);
        filter.fd = taps(filter_of(fd), true, kept_down_);
    }

    // w: [n, depth]. Returns the seconds of the two parts of the layer.
    std::pair<double, double> run(Address x, Address w, std::int64_t w_stride, Address y,
                                  int threads) {
        loupe::WithoutGil release;
        loupe::LayerTask task = planned();
        task.style.w = floats(w), task.style.w_stride = w_stride;
        task.conv.x = floats(x), task.filter.y = reinterpret_cast<void*>(y);
        prepare_result(task.filter.y, task.filter.n, task.filter.y_stride.n, task.filter.bfloat16);
        const loupe::LayerSeconds spent = loupe::run_layer(task, threads);
        return {spent.convolution, spent.filter};
    }

   private:
    // Another instruction set may have been selected; threads may run the same layer.
    loupe::LayerTask planned() {
        std::lock_guard<std::mutex> lock(mutex_);
        if (planned_for_ != &loupe::active_kernels()) {
            planned_for_ = &loupe::active_kernels();
            loupe::plan_layer(task_);
        }
        return task_;
    }

    loupe::LayerTask task_{};
    std::vector<float> kept_up_, kept_down_;
    std::mutex mutex_;
    const loupe::Kernels* planned_for_ = nullptr;
};

std::vector<std::string> instruction_sets() {
    std::vector<std::string> names;
    for (const loupe::Kernels* kernels : loupe::usable_kernels()) names.push_back(kernels->name);
    return names;
}

// Multiply-adds per second of one thread.
double fma_rate(std::int64_t rounds) {
    loupe::WithoutGil release;
    const loupe::Kernels& kernels = loupe::active_kernels();
    const auto begin = std::chrono::steady_clock::now();
    volatile double result = kernels.fma_rounds(rounds);
    (void)result;
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
    return 12.0 * kernels.lanes * static_cast<double>(rounds) / spent.count();
}

// Keeps freed memory of large tensors in the process; true where the allocator can be told so.
bool keep_freed_memory() {
#ifdef __GLIBC__
    return mallopt(M_MMAP_THRESHOLD, 1 << 30) && mallopt(M_TRIM_THRESHOLD, 2147483647) &&
           mallopt(M_TOP_PAD, 1 << 26);
#else
    return false;
#endif
}

}  // namespace

PYBIND11_MODULE(_native, m) {
    m.doc() = "Native kernels of cuda_ext";
    m.attr("API_VERSION") = 6;
    m.def("filtered_lrelu", &filtered_lrelu);
    m.def("bias_act", &bias_act);
    m.def("packed_floats", &loupe::packed_floats);
    m.def("pack_weights", &pack_weights);
    m.def("conv", &conv);
    py::class_<Layer>(m, "Layer")
        .def(py::init<std::array<Address, 6>, std::array<int, 10>,
                      std::array<std::array<std::int64_t, 3>, 2>, std::pair<int, int>,
                      std::tuple<Address, int, int, bool>, std::tuple<Address, int, int, bool>, bool,
                      std::array<int, 4>, std::array<float, 6>, int>())
        .def("run", &Layer::run);
    m.def("fourier", &fourier);
    m.def("instruction_set", [] { return std::string(loupe::active_kernels().name); });
    m.def("instruction_sets", &instruction_sets);
    m.def("select_instruction_set", &loupe::select_kernels);
    m.def("use_openmp", &loupe::use_openmp);
    m.def("thread_runtime", [] { return std::string(loupe::thread_runtime()); });
    m.def("panel_width", [] { return loupe::active_kernels().panel_width; });
    m.def("fast_bfloat16", &loupe::has_fast_bfloat16);
    m.def("bfloat16_tiles", &loupe::has_bfloat16_tiles);
    m.def("fma_rate", &fma_rate);
    m.def("keep_freed_memory", &keep_freed_memory);
}
