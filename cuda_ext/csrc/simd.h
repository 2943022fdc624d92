// One vector of floats per instruction set: the types and functions that the kernels are written in.
//
// Included by the isa_*.cpp files only, each compiled with its own flags. Everything lives in an
// unnamed namespace and nothing of the standard library's templates is used, so that no function
// compiled for a newer processor can be picked by the linker for an older one.
#pragma once

#include <cstdint>
#include <cstring>

#include "bfloat16.h"

#if defined(LOUPE_AVX512) || defined(LOUPE_AVX2)
#include <immintrin.h>
#endif

#if defined(_MSC_VER) && !defined(__clang__)
#define LOUPE_INLINE __forceinline
#define LOUPE_UNROLL(n)
#define LOUPE_PREFETCH(p)
#define LOUPE_PREFETCH_WRITE(p)
#else
#define LOUPE_INLINE inline __attribute__((always_inline))
#define LOUPE_PRAGMA(text) _Pragma(#text)
#ifdef __clang__
#define LOUPE_UNROLL(n) LOUPE_PRAGMA(unroll n)
#else
#define LOUPE_UNROLL(n) LOUPE_PRAGMA(GCC unroll n)
#endif
#define LOUPE_PREFETCH(p) __builtin_prefetch(p, 0, 3)
#define LOUPE_PREFETCH_WRITE(p) __builtin_prefetch(p, 1, 3)
#endif

namespace loupe {
namespace {

#if defined(LOUPE_AVX512)

struct Vec {
    static constexpr int lanes = 16;
    __m512 v;
};
LOUPE_INLINE Vec splat(float a) { return {_mm512_set1_ps(a)}; }
LOUPE_INLINE Vec operator+(Vec a, Vec b) { return {_mm512_add_ps(a.v, b.v)}; }
LOUPE_INLINE Vec operator-(Vec a, Vec b) { return {_mm512_sub_ps(a.v, b.v)}; }
LOUPE_INLINE Vec operator*(Vec a, Vec b) { return {_mm512_mul_ps(a.v, b.v)}; }
LOUPE_INLINE Vec fma(Vec a, Vec b, Vec c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
// The second operand survives when one is NaN.
LOUPE_INLINE Vec max(Vec a, Vec b) { return {_mm512_max_ps(a.v, b.v)}; }
LOUPE_INLINE Vec min(Vec a, Vec b) { return {_mm512_min_ps(a.v, b.v)}; }
LOUPE_INLINE Vec load(const float* p) { return {_mm512_loadu_ps(p)}; }
LOUPE_INLINE void store(float* p, Vec a) { _mm512_storeu_ps(p, a.v); }
LOUPE_INLINE Vec widen(__m256i bits) {
    return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16))};
}
LOUPE_INLINE __m256i narrow(Vec a) {
#ifdef LOUPE_AVX512BF16
    return (__m256i)_mm512_cvtneps_pbh(a.v);
#else
    const __m512i bits = _mm512_castps_si512(a.v);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i half = _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff));
    const __m512i rounded = _mm512_srli_epi32(_mm512_add_epi32(bits, half), 16);
    const __mmask16 nan = _mm512_cmp_ps_mask(a.v, a.v, _CMP_UNORD_Q);
    return _mm512_cvtepi32_epi16(_mm512_mask_set1_epi32(rounded, nan, 0x7fc0));
#endif
}
LOUPE_INLINE Vec load(const BFloat16* p) { return widen(_mm256_loadu_si256((const __m256i*)p)); }
LOUPE_INLINE void store(BFloat16* p, Vec a) { _mm256_storeu_si256((__m256i*)p, narrow(a)); }

#elif defined(LOUPE_AVX2)

struct Vec {
    static constexpr int lanes = 8;
    __m256 v;
};
LOUPE_INLINE Vec splat(float a) { return {_mm256_set1_ps(a)}; }
LOUPE_INLINE Vec operator+(Vec a, Vec b) { return {_mm256_add_ps(a.v, b.v)}; }
LOUPE_INLINE Vec operator-(Vec a, Vec b) { return {_mm256_sub_ps(a.v, b.v)}; }
LOUPE_INLINE Vec operator*(Vec a, Vec b) { return {_mm256_mul_ps(a.v, b.v)}; }
LOUPE_INLINE Vec fma(Vec a, Vec b, Vec c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
LOUPE_INLINE Vec max(Vec a, Vec b) { return {_mm256_max_ps(a.v, b.v)}; }
LOUPE_INLINE Vec min(Vec a, Vec b) { return {_mm256_min_ps(a.v, b.v)}; }
LOUPE_INLINE Vec load(const float* p) { return {_mm256_loadu_ps(p)}; }
LOUPE_INLINE void store(float* p, Vec a) { _mm256_storeu_ps(p, a.v); }
LOUPE_INLINE Vec load(const BFloat16* p) {
    const __m128i bits = _mm_loadu_si128((const __m128i*)p);
    return {_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16))};
}
LOUPE_INLINE void store(BFloat16* p, Vec a) {
    const __m256i bits = _mm256_castps_si256(a.v);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i half = _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff));
    __m256i rounded = _mm256_srli_epi32(_mm256_add_epi32(bits, half), 16);
    const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(a.v, a.v, _CMP_UNORD_Q));
    rounded = _mm256_blendv_epi8(rounded, _mm256_set1_epi32(0x7fc0), nan);
    const __m128i packed =
        _mm_packus_epi32(_mm256_castsi256_si128(rounded), _mm256_extracti128_si256(rounded, 1));
    _mm_storeu_si128((__m128i*)p, packed);
}

#else  // four lanes: compiler vectors (SSE2, NEON, ...), or arrays where there are none

struct Vec {
    static constexpr int lanes = 4;
#if defined(__GNUC__) || defined(__clang__)
    float v __attribute__((vector_size(16)));
#else
    float v[4];
#endif
};
#define LOUPE_EACH(expression)                 \
    Vec r;                                     \
    for (int i = 0; i < 4; ++i) r.v[i] = expression; \
    return r
#if defined(__GNUC__) || defined(__clang__)
#define LOUPE_WHOLE(expression, each) return {expression}
#else
#define LOUPE_WHOLE(expression, each) LOUPE_EACH(each)
#endif
LOUPE_INLINE Vec splat(float a) { LOUPE_EACH(a); }
LOUPE_INLINE Vec operator+(Vec a, Vec b) { LOUPE_WHOLE(a.v + b.v, a.v[i] + b.v[i]); }
LOUPE_INLINE Vec operator-(Vec a, Vec b) { LOUPE_WHOLE(a.v - b.v, a.v[i] - b.v[i]); }
LOUPE_INLINE Vec operator*(Vec a, Vec b) { LOUPE_WHOLE(a.v * b.v, a.v[i] * b.v[i]); }
LOUPE_INLINE Vec fma(Vec a, Vec b, Vec c) {
    LOUPE_WHOLE(a.v * b.v + c.v, a.v[i] * b.v[i] + c.v[i]);
}
LOUPE_INLINE Vec max(Vec a, Vec b) { LOUPE_WHOLE(a.v > b.v ? a.v : b.v, a.v[i] > b.v[i] ? a.v[i] : b.v[i]); }
LOUPE_INLINE Vec min(Vec a, Vec b) { LOUPE_WHOLE(a.v < b.v ? a.v : b.v, a.v[i] < b.v[i] ? a.v[i] : b.v[i]); }
LOUPE_INLINE Vec load(const float* p) {
    Vec r;
    std::memcpy(&r, p, sizeof r);
    return r;
}
LOUPE_INLINE void store(float* p, Vec a) { std::memcpy(p, &a, sizeof a); }
LOUPE_INLINE Vec load(const BFloat16* p) { LOUPE_EACH(to_float(p[i])); }
LOUPE_INLINE void store(BFloat16* p, Vec a) {
    for (int i = 0; i < 4; ++i) p[i] = round_to<BFloat16>(a.v[i]);
}

#endif

// The first `count` lanes; the others are zero, and not written.
#if defined(LOUPE_AVX512)
LOUPE_INLINE __mmask16 first_lanes(int count) { return __mmask16((1u << count) - 1u); }
LOUPE_INLINE Vec load_some(const float* p, int count) {
    return {_mm512_maskz_loadu_ps(first_lanes(count), p)};
}
LOUPE_INLINE Vec load_some(const BFloat16* p, int count) {
    return widen(_mm256_maskz_loadu_epi16(first_lanes(count), p));
}
LOUPE_INLINE void store_some(float* p, int count, Vec a) {
    _mm512_mask_storeu_ps(p, first_lanes(count), a.v);
}
LOUPE_INLINE void store_some(BFloat16* p, int count, Vec a) {
    _mm256_mask_storeu_epi16(p, first_lanes(count), narrow(a));
}
#else
template <class T>
LOUPE_INLINE Vec load_some(const T* p, int count) {
    T whole[Vec::lanes] = {};
    for (int i = 0; i < count; ++i) whole[i] = p[i];
    return load(whole);
}
template <class T>
LOUPE_INLINE void store_some(T* p, int count, Vec a) {
    T whole[Vec::lanes];
    store(whole, a);
    for (int i = 0; i < count; ++i) p[i] = whole[i];
}
#endif

#if defined(LOUPE_AVX512)
LOUPE_INLINE Vec absolute(Vec a) { return {_mm512_abs_ps(a.v)}; }
#elif defined(LOUPE_AVX2)
LOUPE_INLINE Vec absolute(Vec a) { return {_mm256_andnot_ps(_mm256_set1_ps(-0.0f), a.v)}; }
#else
LOUPE_INLINE Vec absolute(Vec a) { return max(a, splat(0.0f) - a); }
#endif

// No lane is beyond `limit`.
LOUPE_INLINE bool all_within(Vec a, float limit) {
#if defined(LOUPE_AVX512)
    return _mm512_cmp_ps_mask(a.v, _mm512_set1_ps(limit), _CMP_GT_OQ) == 0;
#else
    float lanes[Vec::lanes];
    store(lanes, a);
    bool within = true;
    for (int i = 0; i < Vec::lanes; ++i) within &= lanes[i] <= limit;
    return within;
#endif
}

// The value in a register: compilers would rather load it again for every use.
LOUPE_INLINE Vec kept(Vec a) {
#if defined(__GNUC__) && defined(LOUPE_AVX512)
    __asm__("" : "+v"(a.v));
#elif defined(__GNUC__) && defined(LOUPE_AVX2)
    __asm__("" : "+x"(a.v));
#endif
    return a;
}

// Leaky ReLU for slopes of 0 to 1, then the clamp; NaN stays NaN.
LOUPE_INLINE Vec activate(Vec a, Vec slope, Vec low, Vec high) {
    a = max(a * slope, a);
    return max(low, min(high, a));
}

}  // namespace
}  // namespace loupe
