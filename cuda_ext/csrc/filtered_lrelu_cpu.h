// filtered_lrelu and bias_act on the CPU: planning, splitting into strips, threads.
#pragma once

#include "task.h"

namespace loupe {

// How a task may be computed: by the general kernel only, in float32, or in bfloat16 inside.
enum class Accuracy { plain, floats, halves };

// Folds the filters of `task` where the fast kernels serve it (sets fast, radial, folded, pairs).
// Pairs of bfloat16 serve tasks without bias and scales, on processors that multiply them.
void plan(FilterTask& task, Accuracy accuracy);

// Runs a planned task. strip_width, strip_rows: 0 chooses them.
void run_filter(const FilterTask& task, int threads, int strip_width, int strip_rows);

void run_bias_act(const BiasActTask& task, int threads);

}  // namespace loupe
