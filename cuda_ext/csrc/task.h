// What the operators are asked to do: plain data shared by all instruction sets.
#pragma once

#include <cstdint>

namespace loupe {

// Element strides of [N, H, W, C]; the channel stride is 1.
struct Strides {
    std::int64_t n, h, w;
};

// Correlation taps ('flipped' already): [taps_y, taps_x], or one row of taps for both axes.
struct Taps {
    const float* values;
    int size_y, size_x;
    bool separable;
};

// What happens to the signs of the upsampled signal.
enum class Pattern { none, write, read };

// Symmetric 12-tap cases of the StyleGAN3 generators, folded (see strip_fast.h).
struct FoldedTaps {
    float up_even[2][3];    // per phase pair: half sums of a tap and its mirror
    float up_odd[2][3];     // half differences
    float down[6];          // separable: taps 0, 2, 4, 6, 8, 10
    float radial[6][6];     // two-dimensional: rows 0..5, columns 0, 2, 4, 6, 8, 10
    float unclamped;        // inputs of at most this magnitude give nothing that is clamped
};

// The same as pairs of bfloat16, for layers of reduced precision (see strip_pairs.h): the tap of
// the earlier sample in the low half.
struct PairTaps {
    static constexpr int most_rank = 3;
    int rank;                                // products that make up the down filter; 0: unused
    std::uint32_t vertical[4][3];            // [phase], with the gain
    std::uint32_t horizontal[4][3];          // [phase]
    std::uint32_t across[most_rank][6], down[most_rank][6];
    std::uint16_t unclamped;                 // as above, as bfloat16
};

// One filtered_lrelu over a whole tensor.
struct FilterTask {
    const void* x;
    void* y;
    bool bfloat16;                 // of x and y; arithmetic is in float32
    const float* bias;             // [C] or null
    const float* x_scale;          // [N, C] or null: x * x_scale + bias
    const float* y_scale;          // [N, C] or null
    std::uint8_t* pattern;         // [N, pattern_h, pattern_w, C]: bit 0 negative, bit 1 clamped
    Pattern pattern_mode;
    int pattern_h, pattern_w, pattern_y, pattern_x;  // _y, _x: pattern position of sample 0
    int n, c, h, w, out_h, out_w;
    Strides x_stride, y_stride;
    int up, down, pad_y, pad_x;
    float gain, slope, clamp;      // gain contains up²; clamp < 0: none
    Taps fu, fd;
    bool fast, radial;             // the folded kernel serves this case
    FoldedTaps folded;
    PairTaps pairs;
};

// A column strip of a channel block: outputs [row, row_end) x [column, column + width).
struct Strip {
    int n, channel, row, row_end, column, width;
};

// y = clamp(lrelu(x * x_scale + noise + b) * gain) over [outer, channels, inner].
struct BiasActTask {
    const void* x;
    void* y;
    bool bfloat16;
    const float* bias;
    std::int64_t outer, channels, inner;
    float gain, slope, clamp;  // clamp < 0: none
    // only where inner is 1 (a row is a pixel):
    const float* x_scale;      // [images, channels] or null
    const float* noise;        // one number per row, repeated every noise_rows rows, or null
    std::int64_t image_rows, noise_rows;
};

// y = conv(x * x_scale, weights) * y_scale + bias, kernel 1x1 or 3x3; see pixel_product.h, conv_unit.h.
struct ConvTask {
    const void* x;
    void* y;
    bool bfloat16;         // of x and y; arithmetic is in float32
    const float* x_scale;  // [N, C] or null
    const float* y_scale;  // [N, O] or null
    const float* bias;     // [O] or null
    const float* weights;  // packed
    int n, c, h, w, o, out_h, out_w, pad;
    Strides x_stride, y_stride;  // 1x1: x_stride.h is w * x_stride.w, and so in y
    int tiles_y, tiles_x;        // of the plan, 3x3
    const void* folded;          // of the plan, 1x1: weights with the scales of each image in them
};

// The kernels of one instruction set.
struct Kernels {
    const char* name;
    int lanes;  // channels per strip
    bool has_pairs;  // strips of pairs of bfloat16
    std::int64_t (*strip_floats)(const FilterTask&, int width);  // scratch of one strip
    void (*strip)(const FilterTask&, const Strip&, float* scratch);
    void (*bias_act)(const BiasActTask&, std::int64_t row, std::int64_t row_end);
    int product_rows, panel_width;  // of the matrix products of convolutions
    std::int64_t (*conv_floats)(const ConvTask&, int tiles);
    void (*conv)(const ConvTask&, std::int64_t first, int tiles, float* scratch);
    void (*fold_panel)(const ConvTask&, int image, int panel, float* to);
    void (*conv_pixels)(const ConvTask&, int image, std::int64_t first, int pixels);
    // see wave_row.h
    void (*wave_row)(const float* x, const float* y, int size, int channels, bool bfloat16, void* to);
    // to[r] = sum of rows[r][k] * x[k]
    void (*dots)(const float* rows, int count, int depth, const float* x, float* to);
    double (*fma_rounds)(std::int64_t rounds);  // 12 * lanes multiply-adds per round
};

}  // namespace loupe
