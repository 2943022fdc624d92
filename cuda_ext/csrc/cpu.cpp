#include "cpu.h"

#include <atomic>

#if defined(__x86_64__) || defined(_M_X64)
#define LOUPE_X86
#endif

#if defined(LOUPE_X86) && defined(_MSC_VER)
#include <immintrin.h>
#include <intrin.h>
#endif

namespace loupe {

extern const Kernels kernels_baseline;
// setup.py defines which of these were built
#ifdef LOUPE_HAS_AVX2
extern const Kernels kernels_avx2;
#endif
#ifdef LOUPE_HAS_AVX512
extern const Kernels kernels_avx512;
#endif
#ifdef LOUPE_HAS_AVX512BF16
extern const Kernels kernels_avx512bf16;
#endif

namespace {

#ifdef LOUPE_X86

struct Features {
    bool avx2, avx512, avx512bf16;
};

#ifdef _MSC_VER
bool bit(int value, int index) { return (value >> index) & 1; }

Features detect() {
    int basic[4], extended[4], more[4];
    __cpuid(basic, 0);
    if (basic[0] < 7) return {};
    __cpuid(basic, 1);
    __cpuidex(extended, 7, 0);
    __cpuidex(more, 7, 1);
    if (!bit(basic[2], 27)) return {};  // the system saves no wide registers
    const unsigned long long saved = _xgetbv(0);
    const bool avx2 = (saved & 6) == 6 && bit(basic[2], 12) && bit(extended[1], 5);
    const bool avx512 = avx2 && (saved & 0xe6) == 0xe6 && bit(extended[1], 16) &&
                        bit(extended[1], 17) && bit(extended[1], 30) && bit(extended[1], 31);
    return {avx2, avx512, avx512 && bit(more[0], 5)};
}
#else
Features detect() {
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                        __builtin_cpu_supports("avx512vl");
#ifdef LOUPE_HAS_AVX512BF16
    return {avx2, avx512, avx512 && __builtin_cpu_supports("avx512bf16")};
#else
    return {avx2, avx512, false};
#endif
}
#endif
#endif

std::atomic<const Kernels*>& chosen() {
    static std::atomic<const Kernels*> kernels{usable_kernels().front()};
    return kernels;
}

}  // namespace

std::vector<const Kernels*> usable_kernels() {
    std::vector<const Kernels*> found;
#ifdef LOUPE_X86
    const Features has = detect();
#ifdef LOUPE_HAS_AVX512BF16
    if (has.avx512bf16) found.push_back(&kernels_avx512bf16);
#endif
#ifdef LOUPE_HAS_AVX512
    if (has.avx512) found.push_back(&kernels_avx512);
#endif
#ifdef LOUPE_HAS_AVX2
    if (has.avx2) found.push_back(&kernels_avx2);
#endif
    (void)has;
#endif
    found.push_back(&kernels_baseline);
    return found;
}

const Kernels& active_kernels() { return *chosen().load(); }

bool select_kernels(const std::string& name) {
    for (const Kernels* kernels : usable_kernels()) {
        if (name == kernels->name) {
            chosen().store(kernels);
            return true;
        }
    }
    return false;
}

}  // namespace loupe
