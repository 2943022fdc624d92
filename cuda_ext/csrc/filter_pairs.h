// Taps for the kernels that work on pairs of bfloat16 (see strip_pairs.h).
#pragma once

#include "task.h"

namespace loupe {

// The largest share of a radial filter (of its root of summed squares) that may be left out, about
// the rounding of one bfloat16: it is then a sum of so many products of a column and a row.
constexpr double pair_remainder = 1.0 / 128;

// Sets task.pairs of a planned task; its rank stays 0 where more products would be needed than pay.
void plan_pairs(FilterTask& task);

}  // namespace loupe
