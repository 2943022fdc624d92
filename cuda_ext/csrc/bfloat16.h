// bfloat16 is the upper half of a float, rounded to nearest even.
#pragma once

#include <cstdint>
#include <cstring>

namespace loupe {
namespace {

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

template <class T>
inline T round_to(float value);

template <>
inline float round_to<float>(float value) {
    return value;
}

template <>
inline BFloat16 round_to<BFloat16>(float value) {
    std::uint32_t wide;
    std::memcpy(&wide, &value, sizeof wide);
    if ((wide & 0x7fffffffu) > 0x7f800000u) return {0x7fc0};  // a rounded NaN could be infinite
    return {static_cast<std::uint16_t>((wide + 0x7fffu + ((wide >> 16) & 1u)) >> 16)};
}

}  // namespace
}  // namespace loupe
