// Compiled with the flags of the oldest processor supported only; see setup.py.
#define LOUPE_TABLE kernels_baseline
#if defined(__aarch64__) || defined(_M_ARM64)
#define LOUPE_NAME "NEON"
#else
#define LOUPE_NAME "baseline, 4 lanes"
#endif
#include "../isa_kernels.h"
