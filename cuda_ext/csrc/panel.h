// Panels of output channels: what the products of 1x1 and 3x3 convolutions have in common.
#pragma once

#include "simd.h"
#include "task.h"

namespace loupe {
namespace {

constexpr int panel_vectors = 2;
constexpr int panel_width = panel_vectors * Vec::lanes;
#ifdef LOUPE_AVX512
constexpr int product_rows = 14;  // 28 sums, of 32 registers
#elif defined(__aarch64__) || defined(_M_ARM64)
constexpr int product_rows = 12;  // 24 sums, of 32 registers
#else
constexpr int product_rows = 6;  // 12 sums, of 16
#endif

template <class T>
LOUPE_INLINE Vec load_channels(const T* p, int count) {
    return count >= Vec::lanes ? load(p) : load_some(p, count);
}

template <class T>
LOUPE_INLINE void store_channels(T* p, int count, Vec a) {
    if (count >= Vec::lanes) {
        store(p, a);
    } else {
        store_some(p, count, a);
    }
}

}  // namespace
}  // namespace loupe
