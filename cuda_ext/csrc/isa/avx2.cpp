// Compiled with the flags of AVX2 and FMA only; see setup.py.
#define LOUPE_AVX2
#define LOUPE_TABLE kernels_avx2
#define LOUPE_NAME "AVX2"
#include "../isa_kernels.h"
