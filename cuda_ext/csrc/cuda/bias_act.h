// bias_act: bias, leaky ReLU, gain, clamp; `per_thread` elements for each thread.
#pragma once

#include "portable.h"

namespace loupe {

// Case `K`: dtype, inner_is_one (channels-last), threads, per_thread.
// In the order of `pack_bias_act` in cuda_params.py.
struct BiasActParams {
    const void* x;
    void* y;
    const float* b;  // [channels] or null
    long long count, inner;  // elements of [outer, channels, inner]
    int channels;
    float gain, slope, clamp;  // clamp: negative for none
};

template <class K>
LOUPE_DEVICE void bias_act_thread(const BiasActParams& p, int block, int tid) {
    using T = typename Storage<K::dtype>::type;
    const T* x = static_cast<const T*>(p.x);
    T* y = static_cast<T*>(p.y);
    const long long first = static_cast<long long>(block) * K::threads * K::per_thread + tid;
    LOUPE_UNROLL_ALL
    for (int k = 0; k < K::per_thread; ++k) {
        // neighbouring threads read neighbouring addresses
        const long long idx = first + k * K::threads;
        if (idx >= p.count) continue;
        float value = to_float(x[idx]);
        if (p.b) value += p.b[(K::inner_is_one ? idx : idx / p.inner) % p.channels];
        value = (value < 0.0f ? value * p.slope : value) * p.gain;
        store(p.clamp >= 0.0f ? clamp_to(value, p.clamp) : value, y + idx);
    }
}

}  // namespace loupe
