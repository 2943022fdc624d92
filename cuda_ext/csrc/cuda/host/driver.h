// The CUDA driver: loading a compiled kernel and starting it. Its functions are declared here as
// its public documentation gives them.
#pragma once

#include <cstdint>
#include <string>

#include "library.h"

namespace loupe {

class Driver {
   public:
    // Opens the library at `path`; its version as 12040 for 12.4.
    int open(const std::string& path) {
        library_.open(path);
        check(library_.find<int(unsigned)>("cuInit")(0), "cuInit");
        int version = 0;
        check(library_.find<int(int*)>("cuDriverGetVersion")(&version), "cuDriverGetVersion");
        push_ = library_.find<int(void*)>("cuCtxPushCurrent_v2");
        pop_ = library_.find<int(void**)>("cuCtxPopCurrent_v2");
        launch_ = library_.find<Launch>("cuLaunchKernel");
        return version;
    }

    // The context that torch uses on a device.
    void* primary_context(int ordinal) const {
        int device = 0;
        check(library_.find<int(int*, int)>("cuDeviceGet")(&device, ordinal), "cuDeviceGet");
        void* context = nullptr;
        check(library_.find<int(void**, int)>("cuDevicePrimaryCtxRetain")(&context, device),
              "cuDevicePrimaryCtxRetain");
        return context;
    }

    // Makes a context current for as long as it lives.
    class Scope {
       public:
        Scope(const Driver& driver, void* context) : driver_(driver) {
            driver.check(driver.push_(context), "cuCtxPushCurrent");
        }
        Scope(const Scope&) = delete;
        ~Scope() {
            void* popped = nullptr;
            driver_.pop_(&popped);
        }

       private:
        const Driver& driver_;
    };

    void* load_function(const std::string& image, const std::string& name) const {
        void *module = nullptr, *function = nullptr;
        check(library_.find<int(void**, const void*)>("cuModuleLoadData")(&module, image.data()),
              "cuModuleLoadData");
        using Get = int(void**, void*, const char*);
        check(library_.find<Get>("cuModuleGetFunction")(&function, module, name.c_str()),
              "cuModuleGetFunction");
        return function;
    }

    void allow_shared_bytes(void* function, int bytes) const {
        constexpr int max_dynamic_shared_size_bytes = 8;
        check(library_.find<int(void*, int, int)>("cuFuncSetAttribute")(
                  function, max_dynamic_shared_size_bytes, bytes),
              "cuFuncSetAttribute");
    }

    // The bytes of the kernel's one argument are copied before this returns.
    void launch(void* function, unsigned blocks, unsigned threads, unsigned shared_bytes,
                void* stream, const std::string& argument) const {
        void* arguments[] = {const_cast<char*>(argument.data())};
        check(launch_(function, blocks, 1, 1, threads, 1, 1, shared_bytes, stream, arguments,
                      nullptr),
              "cuLaunchKernel");
    }

   private:
    using Launch = int(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                       void*, void**, void**);

    void check(int code, const char* function) const {
        if (!code) return;
        const char* text = nullptr;
        library_.find<int(int, const char**)>("cuGetErrorString")(code, &text);
        throw std::runtime_error(std::string(function) + ": " +
                                 (text ? text : "error " + std::to_string(code)));
    }

    Library library_;
    int (*push_)(void*) = nullptr;
    int (*pop_)(void**) = nullptr;
    Launch* launch_ = nullptr;
};

}  // namespace loupe
