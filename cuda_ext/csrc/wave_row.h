// A row of Fourier features: sin(a + b) with a along the row and b of the row.
#pragma once

#include "simd.h"

namespace loupe {
namespace {

// x: [position][sines, cosines][channel]; y: [sines, cosines][channel]. `channels` is a multiple of
// 16; so is the result's distance from position to position.
template <class T>
void wave_row_typed(const float* x, const float* y, int size, int channels, T* to) {
    for (int c = 0; c < channels; c += Vec::lanes) {
        const Vec sine = load(y + c), cosine = load(y + channels + c);
        for (int k = 0; k < size; ++k) {
            const float* from = x + std::int64_t(k) * 2 * channels + c;
            const Vec turned = load(from + channels) * sine;
            store(to + std::int64_t(k) * channels + c, fma(load(from), cosine, turned));
        }
    }
}

void wave_row(const float* x, const float* y, int size, int channels, bool bfloat16, void* to) {
    if (bfloat16) {
        wave_row_typed(x, y, size, channels, static_cast<BFloat16*>(to));
    } else {
        wave_row_typed(x, y, size, channels, static_cast<float*>(to));
    }
}

}  // namespace
}  // namespace loupe
