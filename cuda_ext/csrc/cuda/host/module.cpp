// Python bindings of the run-time compiler and the driver. Addresses, numbers and bytes go in: no
// header of CUDA or torch is needed, and nothing is loaded before it is asked for.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <string>

#include "driver.h"
#include "nvrtc.h"

namespace py = pybind11;

namespace {

loupe::Nvrtc& nvrtc() {
    static loupe::Nvrtc instance;
    return instance;
}

loupe::Driver& driver() {
    static loupe::Driver instance;
    return instance;
}

py::tuple compile(const std::string& source, const std::map<std::string, std::string>& headers,
                  const std::vector<std::string>& options, bool ptx) {
    std::pair<std::string, std::string> result;
    {
        py::gil_scoped_release release;
        result = nvrtc().compile(source, headers, options, ptx);
    }
    return py::make_tuple(py::bytes(result.first), result.second);
}

// A kernel on one device.
class Kernel {
   public:
    Kernel(const py::bytes& image, const std::string& name, int device, int shared_bytes)
        : context_(driver().primary_context(device)), shared_bytes_(shared_bytes) {
        const std::string data = image;
        const loupe::Driver::Scope scope(driver(), context_);
        function_ = driver().load_function(data, name);
        if (shared_bytes > 0) driver().allow_shared_bytes(function_, shared_bytes);
    }

    void launch(std::int64_t blocks, int threads, std::uintptr_t stream,
                const py::bytes& argument) const {
        const std::string data = argument;
        py::gil_scoped_release release;
        const loupe::Driver::Scope scope(driver(), context_);
        driver().launch(function_, static_cast<unsigned>(blocks), static_cast<unsigned>(threads),
                        static_cast<unsigned>(shared_bytes_), reinterpret_cast<void*>(stream),
                        data);
    }

   private:
    void* context_;
    void* function_ = nullptr;
    int shared_bytes_;
};

}  // namespace

PYBIND11_MODULE(_cuda, m) {
    m.doc() = "CUDA at run time: compile, load, launch";
    m.attr("API_VERSION") = 1;
    m.def("open_nvrtc", [](const std::string& path) { return nvrtc().open(path); });
    m.def("architectures", [] { return nvrtc().architectures(); });
    m.def("compile", &compile);
    m.def("open_driver", [](const std::string& path) { return driver().open(path); });
    py::class_<Kernel>(m, "Kernel")
        .def(py::init<const py::bytes&, const std::string&, int, int>())
        .def("launch", &Kernel::launch);
}
