// filtered_lrelu and bias_act on the CPU: planning, splitting into strips, threads.
#pragma once

#include "task.h"

namespace loupe {

// Folds the filters of `task` where the fast kernel serves it (sets fast, radial, folded).
void plan(FilterTask& task, bool allow_fast);

// Runs a planned task. strip_width, strip_rows: 0 chooses them.
void run_filter(const FilterTask& task, int threads, int strip_width, int strip_rows);

void run_bias_act(const BiasActTask& task, int threads);

}  // namespace loupe
