// Kernel of one case. `struct Case` stands before this text when it is compiled.
#include "filtered_lrelu_tile.h"

using G = loupe::Geometry<Case>;
static_assert(sizeof(loupe::Shared<G>) == Case::shared_bytes, "sizes agree with cuda_case.py");
static_assert(sizeof(loupe::Params<G>) == Case::params_bytes, "layout agrees with cuda_case.py");

extern "C" __global__ void __launch_bounds__(Case::threads, 512 / Case::threads)
    filtered_lrelu(const __grid_constant__ loupe::Params<G> p) {
    extern __shared__ float memory[];
    loupe::run_block<G>(p, *reinterpret_cast<loupe::Shared<G>*>(memory), blockIdx.x,
                        [](auto work) {
                            work(static_cast<int>(threadIdx.x));
                            __syncthreads();
                        });
}
