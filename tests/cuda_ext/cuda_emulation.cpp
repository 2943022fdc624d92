// The CUDA kernels of one case on the host: a loop over blocks and threads instead of a GPU.
// `struct Case` stands before this text when it is compiled.
#ifdef EMULATE_BIAS_ACT
#include "bias_act.h"

extern "C" void run(const void* argument, int blocks, int) {
    const auto& p = *static_cast<const loupe::BiasActParams*>(argument);
    for (int block = 0; block < blocks; ++block) {
        for (int tid = 0; tid < Case::threads; ++tid) loupe::bias_act_thread<Case>(p, block, tid);
    }
}
#else
#include "filtered_lrelu_tile.h"

using G = loupe::Geometry<Case>;
static_assert(sizeof(loupe::Shared<G>) == Case::shared_bytes, "sizes agree with cuda_case.py");
static_assert(sizeof(loupe::Params<G>) == Case::params_bytes, "layout agrees with cuda_params.py");

// Numbers 0 … count - 1 in an order that a seed decides: a step without a common divisor.
struct Order {
    int count, begin, step;

    Order(int count, int seed) : count(count), begin(seed % count), step(seed % 1009 + 1) {
        while (!coprime(count, step)) ++step;
    }
    int operator[](int i) const {
        return static_cast<int>((begin + static_cast<long long>(i) * step) % count);
    }
    static bool coprime(int a, int b) { return b == 0 ? a == 1 : coprime(b, a % b); }
};

static loupe::Shared<G> memory;

// Blocks and threads come in a mixed order: no thread may need what another one does in the
// same phase, and no block what is left in memory from before.
extern "C" void run(const void* argument, int blocks, int seed) {
    const auto& p = *static_cast<const loupe::Params<G>*>(argument);
    const Order order(blocks, seed * 7919);
    for (int i = 0; i < blocks; ++i) {
        std::memset(&memory, 0xff, sizeof memory);  // NaN
        loupe::run_block<G>(p, memory, order[i], [&](auto work) {
            const Order threads(Case::threads, seed++ * 104729 % 1000003);
            for (int tid = 0; tid < Case::threads; ++tid) work(threads[tid]);
        });
    }
}
#endif
