// bfloat16 as the upper half of a float, rounded to nearest even.
#pragma once

#include <cstdint>
#include <cstring>

namespace loupe {

struct BFloat16 {
    std::uint16_t bits;
};

inline float to_float(float value) { return value; }

inline float to_float(BFloat16 value) {
    const std::uint32_t wide = static_cast<std::uint32_t>(value.bits) << 16;
    float result;
    std::memcpy(&result, &wide, sizeof result);
    return result;
}

inline void store(float value, float* to) { *to = value; }

inline void store(float value, BFloat16* to) {
    std::uint32_t wide;
    std::memcpy(&wide, &value, sizeof wide);
    if ((wide & 0x7fffffffu) > 0x7f800000u) {
        to->bits = 0x7fc0;  // a rounded NaN could become infinite
        return;
    }
    to->bits = static_cast<std::uint16_t>((wide + 0x7fffu + ((wide >> 16) & 1u)) >> 16);
}

}  // namespace loupe
