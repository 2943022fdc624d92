// Compiled with the flags of AVX-512 with bfloat16 conversion only; see setup.py.
#define LOUPE_AVX512
#define LOUPE_AVX512BF16
#define LOUPE_TABLE kernels_avx512bf16
#define LOUPE_NAME "AVX-512 bf16"
#include "../isa_kernels.h"
