// Kernel of one case. `struct Case` stands before this text when it is compiled.
#include "bias_act.h"

extern "C" __global__ void __launch_bounds__(Case::threads)
    bias_act(const __grid_constant__ loupe::BiasActParams p) {
    loupe::bias_act_thread<Case>(p, static_cast<int>(blockIdx.x), static_cast<int>(threadIdx.x));
}
