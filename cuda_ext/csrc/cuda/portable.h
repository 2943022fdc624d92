// What lets one text be compiled by NVRTC for a GPU and by a C++ compiler for the tests.
//
// Number formats: a GPU converts half floats with one PTX instruction, so no CUDA header is
// needed; the host converts them bit by bit.
#pragma once

#ifdef __CUDACC_RTC__
#define LOUPE_DEVICE __device__ __forceinline__
#define LOUPE_PRAGMA(text) _Pragma(#text)
#define LOUPE_UNROLL(count) LOUPE_PRAGMA(unroll count)
#define LOUPE_UNROLL_ALL LOUPE_PRAGMA(unroll)
#else
#include <cstring>
#define LOUPE_DEVICE inline
#define LOUPE_UNROLL(count)
#define LOUPE_UNROLL_ALL
#endif

namespace loupe {

struct Half {
    unsigned short bits;
};

struct BFloat16 {
    unsigned short bits;
};

LOUPE_DEVICE unsigned bits_of(float value) {
#ifdef __CUDACC_RTC__
    return __float_as_uint(value);
#else
    unsigned bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
#endif
}

LOUPE_DEVICE float float_of(unsigned bits) {
#ifdef __CUDACC_RTC__
    return __uint_as_float(bits);
#else
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
#endif
}

LOUPE_DEVICE float to_float(float value) { return value; }

LOUPE_DEVICE float to_float(BFloat16 value) {
    return float_of(static_cast<unsigned>(value.bits) << 16);
}

LOUPE_DEVICE float to_float(Half value) {
#ifdef __CUDACC_RTC__
    float result;
    asm("cvt.f32.f16 %0, %1;" : "=f"(result) : "h"(value.bits));
    return result;
#else
    const unsigned sign = (value.bits & 0x8000u) << 16, rest = value.bits & 0x7fffu;
    if (rest >= 0x7c00u) return float_of(sign | 0x7f800000u | (rest & 0x3ffu) << 13);
    // 2^112 moves the exponent from half's range into float's, subnormal numbers included
    return float_of(sign) + (sign ? -1.0f : 1.0f) * (float_of(rest << 13) * 0x1p112f);
#endif
}

LOUPE_DEVICE void store(float value, float* to) { *to = value; }

LOUPE_DEVICE void store(float value, BFloat16* to) {
    const unsigned wide = bits_of(value);
    if ((wide & 0x7fffffffu) > 0x7f800000u) {
        to->bits = 0x7fc0;  // a rounded NaN could become infinite
    } else {
        to->bits = static_cast<unsigned short>((wide + 0x7fffu + ((wide >> 16) & 1u)) >> 16);
    }
}

LOUPE_DEVICE void store(float value, Half* to) {
#ifdef __CUDACC_RTC__
    unsigned short bits;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
    to->bits = bits;
#else
    const unsigned wide = bits_of(value), sign = (wide >> 16) & 0x8000u, rest = wide & 0x7fffffffu;
    unsigned bits;
    if (rest > 0x7f800000u) {
        bits = 0x7fffu;
    } else if (rest >= 0x477ff000u) {
        bits = 0x7c00u;  // rounds to infinity
    } else if (rest < 0x38800000u) {
        // subnormal: adding 0.5 leaves the rounded result in the lowest bits
        bits = bits_of(float_of(rest) + 0.5f) - 0x3f000000u;
    } else {
        bits = (rest + 0xfffu + ((rest >> 13) & 1u) - 0x38000000u) >> 13;
    }
    to->bits = static_cast<unsigned short>(sign | bits);
#endif
}

// Number formats by the code that Python uses for them.
template <int code>
struct Storage;
template <>
struct Storage<0> {
    using type = float;
};
template <>
struct Storage<1> {
    using type = BFloat16;
};
template <>
struct Storage<2> {
    using type = Half;
};

// Clamps to ±limit; NaN stays NaN.
LOUPE_DEVICE float clamp_to(float value, float limit) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    float result;
    asm("{ .reg .f32 t; max.NaN.f32 t, %1, %2; min.NaN.f32 %0, t, %3; }"
        : "=f"(result)
        : "f"(value), "f"(-limit), "f"(limit));
    return result;
#else
    return value < -limit ? -limit : value > limit ? limit : value;
#endif
}

}  // namespace loupe
