// Compiled with the flags of AVX-512 (F, BW, DQ, VL) only; see setup.py.
#define LOUPE_AVX512
#define LOUPE_TABLE kernels_avx512
#define LOUPE_NAME "AVX-512"
#include "../isa_kernels.h"
