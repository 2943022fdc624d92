// The table of kernels of one instruction set. The including file defines LOUPE_TABLE (the name of
// the table), LOUPE_NAME (for people) and the macros of simd.h.
#pragma once

#include "bias_act_rows.h"
#include "conv_unit.h"
#include "pixel_product.h"
#include "strip_fast.h"
#include "strip_generic.h"
#include "strip_pairs.h"
#include "wave_row.h"

namespace loupe {
namespace {

template <class T>
void strip_typed(const FilterTask& task, const Strip& strip, float* scratch) {
    if (task.fast && task.up == 2) {
        strip_fast<T, 2>(task, strip, scratch);
    } else if (task.fast) {
        strip_fast<T, 4>(task, strip, scratch);
    } else if (task.pattern_mode == Pattern::none) {
        strip_generic<T, false>(task, strip, scratch);
    } else {
        strip_generic<T, true>(task, strip, scratch);
    }
}

#ifdef LOUPE_AVX512BF16
constexpr bool has_pairs = true;
#else
constexpr bool has_pairs = false;
#endif

void strip_any(const FilterTask& task, const Strip& strip, float* scratch) {
#ifdef LOUPE_AVX512BF16
    if (task.pairs.rank) {
        if (task.up == 2) {
            strip_pairs<2>(task, strip, scratch);
        } else {
            strip_pairs<4>(task, strip, scratch);
        }
        return;
    }
#endif
    if (task.bfloat16) {
        strip_typed<BFloat16>(task, strip, scratch);
    } else {
        strip_typed<float>(task, strip, scratch);
    }
}

std::int64_t strip_floats(const FilterTask& task, int width) {
#ifdef LOUPE_AVX512BF16
    if (task.pairs.rank) {
        return task.up == 2 ? pair_floats<2>(task, width) : pair_floats<4>(task, width);
    }
#endif
    if (!task.fast) return generic_floats(task, width);
    return task.up == 2 ? fast_floats<2>(task, width) : fast_floats<4>(task, width);
}

void bias_act_any(const BiasActTask& task, std::int64_t row, std::int64_t row_end) {
    if (task.bfloat16) {
        bias_act_typed<BFloat16>(task, row, row_end);
    } else {
        bias_act_typed<float>(task, row, row_end);
    }
}

void conv_any(const ConvTask& task, std::int64_t first, int tiles, float* scratch) {
    if (task.bfloat16) {
        conv_typed<BFloat16>(task, first, tiles, scratch);
    } else {
        conv_typed<float>(task, first, tiles, scratch);
    }
}

void pixels_any(const ConvTask& task, int image, std::int64_t first, int pixels) {
    if (task.bfloat16) {
        conv_pixels<BFloat16>(task, image, first, pixels);
    } else {
        conv_pixels<float>(task, image, first, pixels);
    }
}

// Independent multiply-adds in registers: the arithmetic peak of a roofline.
double fma_rounds(std::int64_t rounds) {
    Vec sums[12];
    const Vec factor = splat(0.999f), term = splat(1e-3f);
    for (int i = 0; i < 12; ++i) sums[i] = splat(float(i));
    for (std::int64_t k = 0; k < rounds; ++k) {
        LOUPE_UNROLL(12)
        for (int i = 0; i < 12; ++i) sums[i] = fma(sums[i], factor, term);
    }
    for (int i = 1; i < 12; ++i) sums[0] = sums[0] + sums[i];
    float result[Vec::lanes];
    store(result, sums[0]);
    return result[0];
}

}  // namespace

extern const Kernels LOUPE_TABLE;
const Kernels LOUPE_TABLE = {LOUPE_NAME,    Vec::lanes,    has_pairs,    &strip_floats,
                             &strip_any,    &bias_act_any, product_rows, panel_width,
                             &conv_floats,  &conv_any,     &fold_panel,  &pixels_any,
                             &wave_row,     &dots,         &fma_rounds};

}  // namespace loupe
