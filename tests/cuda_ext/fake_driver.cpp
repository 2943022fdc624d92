// A stand-in for NVIDIA's driver: it notes what it is asked for, and a "kernel" adds two numbers.
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace {

struct Argument {
    const float* x;
    float* y;
    int count;
    float added;
};

int depth = 0, context = 0, module = 0, function = 0;
unsigned allowed = 0;

}  // namespace

extern "C" {
int cuInit(unsigned) { return 0; }
int cuDriverGetVersion(int* version) { return *version = 12040, 0; }
int cuDeviceGet(int* device, int ordinal) { return *device = ordinal, ordinal > 1 ? 101 : 0; }
int cuDevicePrimaryCtxRetain(void** to, int) { return *to = &context, 0; }
int cuCtxPushCurrent_v2(void* given) { return ++depth, given == &context ? 0 : 201; }
int cuCtxPopCurrent_v2(void** to) { return --depth, *to = &context, 0; }

int cuModuleLoadData(void** to, const void* image) {
    *to = &module;
    return std::strncmp(static_cast<const char*>(image), "good", 4) ? 200 : depth == 1 ? 0 : 201;
}

int cuModuleGetFunction(void** to, void*, const char* name) {
    *to = &function;
    return std::strcmp(name, "add") ? 500 : 0;
}

int cuFuncSetAttribute(void*, int attribute, int value) {
    allowed = static_cast<unsigned>(value);
    return attribute == 8 ? 0 : 1;
}

int cuLaunchKernel(void* given, unsigned blocks, unsigned, unsigned, unsigned threads, unsigned,
                   unsigned, unsigned shared, void* stream, void** arguments, void**) {
    if (given != &function || depth != 1 || shared > allowed) return 201;
    if (reinterpret_cast<std::uintptr_t>(stream) != 77) return 400;
    const auto& a = *static_cast<const Argument*>(arguments[0]);
    for (unsigned i = 0; i < blocks * threads; ++i) {
        if (i < static_cast<unsigned>(a.count)) a.y[i] = a.x[i] + a.added;
    }
    return 0;
}

int cuGetErrorString(int code, const char** text) {
    static char buffer[32];
    std::snprintf(buffer, sizeof buffer, "fake error %d", code);
    return *text = buffer, 0;
}
}
