// Modulated convolution on the CPU: packing of weights, splitting into units, threads.
#pragma once

#include "task.h"

namespace loupe {

// Number of floats of packed weights for [o, c, kernel, kernel], kernel 1 or 3.
std::int64_t packed_floats(int o, int c, int kernel);

// weight [o, c, kernel, kernel] to the order in which the kernels of the active instruction set
// read it: [panel of output channels][position][c][channel of the panel], zero beyond o.
void pack_weights(const float* weight, int o, int c, int kernel, int threads, float* packed);

// The weights of 1x1 convolutions of every image with its scales in them, for `folded` of the task;
// valid until this thread folds others.
const float* fold_weights(const ConvTask& task, int threads);

// Sizes and padding of `task` are set; plans its tiles and runs it.
void run_conv(ConvTask task, int kernel, int threads);

}  // namespace loupe
