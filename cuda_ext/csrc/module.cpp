// Python bindings. Pointers, shapes and scalars go in; no torch headers are needed.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <cstdint>

#include "bias_act_cpu.h"

namespace py = pybind11;

namespace {

void bias_act(std::uintptr_t x, std::uintptr_t y, std::uintptr_t b,
              std::array<std::int64_t, 3> shape, float gain, float slope, float clamp, int dtype) {
    py::gil_scoped_release release;
    const loupe::BiasAct task{shape[0], shape[1], shape[2], gain, slope, clamp};
    if (dtype == 0) {
        loupe::bias_act(task, reinterpret_cast<const float*>(x), reinterpret_cast<float*>(y),
                        reinterpret_cast<const float*>(b));
    } else {
        loupe::bias_act(task, reinterpret_cast<const loupe::BFloat16*>(x),
                        reinterpret_cast<loupe::BFloat16*>(y), reinterpret_cast<const float*>(b));
    }
}

}  // namespace

PYBIND11_MODULE(_native, m) {
    m.doc() = "Native kernels of cuda_ext";
    m.attr("API_VERSION") = 1;
    m.def("instruction_set", [] { return "baseline"; });
    m.def("bias_act", &bias_act);
}
