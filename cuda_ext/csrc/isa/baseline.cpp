// Compiled with the flags of the oldest processor supported only; see setup.py.
#define LOUPE_TABLE kernels_baseline
#define LOUPE_NAME "baseline, 4 lanes"
#include "../isa_kernels.h"
