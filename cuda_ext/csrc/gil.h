// Lets other Python threads run while native code works.
#pragma once

#include <pybind11/pybind11.h>

#include <chrono>
#include <thread>

namespace loupe {

// As pybind11::gil_scoped_release; but a daemon thread whose work is done while the interpreter ends
// stays where it is. It would be ended by an exception that no destructor lets pass: an abort.
class WithoutGil {
   public:
    WithoutGil() : state_(PyEval_SaveThread()) {}
    WithoutGil(const WithoutGil&) = delete;
    WithoutGil& operator=(const WithoutGil&) = delete;

    ~WithoutGil() noexcept(false) {
        while (is_ending()) std::this_thread::sleep_for(std::chrono::hours(1));
        PyEval_RestoreThread(state_);
    }

   private:
    static bool is_ending() {
#if PY_VERSION_HEX >= 0x030d0000
        return Py_IsFinalizing();
#else
        return _Py_IsFinalizing();
#endif
    }

    PyThreadState* state_;
};

}  // namespace loupe
