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

}  // namespace loupe
