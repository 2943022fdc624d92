// A shared library opened while the program runs, so that nothing of CUDA is needed to build.
#pragma once

#include <stdexcept>
#include <string>

#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace loupe {

class Library {
   public:
    void open(const std::string& path) {
#ifdef _WIN32
        handle_ = reinterpret_cast<void*>(LoadLibraryA(path.c_str()));
        if (!handle_) throw std::runtime_error(path + " could not be loaded");
#else
        handle_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (!handle_) throw std::runtime_error(dlerror());
#endif
    }

    template <class Function>
    Function* find(const char* name) const {
        if (!handle_) throw std::runtime_error(std::string(name) + ": the library is not loaded");
#ifdef _WIN32
        void* found =
            reinterpret_cast<void*>(GetProcAddress(reinterpret_cast<HMODULE>(handle_), name));
#else
        void* found = dlsym(handle_, name);
#endif
        if (!found) throw std::runtime_error(std::string(name) + " is missing in the library");
        return reinterpret_cast<Function*>(found);
    }

   private:
    void* handle_ = nullptr;  // stays open to the end of the process
};

}  // namespace loupe
