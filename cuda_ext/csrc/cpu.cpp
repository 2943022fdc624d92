#include "cpu.h"

#include <atomic>
#include <cstdint>

#if defined(__x86_64__) || defined(_M_X64)
#define LOUPE_X86
#endif

#if defined(LOUPE_X86) && defined(_MSC_VER)
#include <immintrin.h>
#include <intrin.h>
#elif defined(LOUPE_X86)
#include <cpuid.h>
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

struct Features {
    bool avx2 = false, avx512 = false, avx512bf16 = false, tiles = false;
};

#ifdef LOUPE_X86

struct Registers {
    unsigned a = 0, b = 0, c = 0, d = 0;
};

Registers identify(unsigned leaf, unsigned subleaf) {
    Registers r;
#ifdef _MSC_VER
    int values[4];
    __cpuidex(values, static_cast<int>(leaf), static_cast<int>(subleaf));
    r = {unsigned(values[0]), unsigned(values[1]), unsigned(values[2]), unsigned(values[3])};
#else
    __get_cpuid_count(leaf, subleaf, &r.a, &r.b, &r.c, &r.d);
#endif
    return r;
}

// Registers that the system saves for programs.
std::uint64_t saved_state() {
#ifdef _MSC_VER
    return _xgetbv(0);
#else
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return std::uint64_t(high) << 32 | low;
#endif
}

bool bit(unsigned value, int index) { return (value >> index) & 1u; }

Features detect() {
    const Registers basic = identify(1, 0);
    if (identify(0, 0).a < 7 || !bit(basic.c, 27)) return {};  // no wide registers are saved
    const std::uint64_t saved = saved_state();
    const Registers extended = identify(7, 0);
    const Registers more = extended.a >= 1 ? identify(7, 1) : Registers{};
    Features has;
    has.avx2 = (saved & 6) == 6 && bit(basic.c, 12) && bit(extended.b, 5);
    has.avx512 = has.avx2 && (saved & 0xe6) == 0xe6 && bit(extended.b, 16) &&
                 bit(extended.b, 17) && bit(extended.b, 30) && bit(extended.b, 31);
    has.avx512bf16 = has.avx512 && bit(more.a, 5);
    has.tiles = has.avx512 && (saved & 0x60000) == 0x60000 && bit(extended.d, 22) &&
                bit(extended.d, 24);
    return has;
}

#else
Features detect() { return {}; }
#endif

// Asked once: the question stops a virtual machine for tens of microseconds.
const Features& features() {
    static const Features has = detect();
    return has;
}

std::atomic<const Kernels*>& chosen() {
    static std::atomic<const Kernels*> kernels{usable_kernels().front()};
    return kernels;
}

}  // namespace

std::vector<const Kernels*> usable_kernels() {
    std::vector<const Kernels*> found;
#ifdef LOUPE_X86
    const Features has = features();
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

bool has_fast_bfloat16() { return features().avx512bf16; }

bool has_bfloat16_tiles() { return features().tiles; }

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
