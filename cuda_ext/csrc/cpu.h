// Choice of the instruction set at run time.
#pragma once

#include <string>
#include <vector>

#include "task.h"

namespace loupe {

// The instruction sets that were compiled in and that this processor has, best first.
std::vector<const Kernels*> usable_kernels();

// The kernels in use: the best ones, until another is selected.
const Kernels& active_kernels();

// Selects by name; false when there is none of that name here.
bool select_kernels(const std::string& name);

// The processor multiplies bfloat16 in vector registers, or in a matrix unit of its own (AMX), and
// the system lets programs use it.
bool has_fast_bfloat16();
bool has_bfloat16_tiles();

}  // namespace loupe
