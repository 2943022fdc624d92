// The first half of a tile: input rows into shared memory, up-sampling, activation, and (for a
// separable filter) down-sampling along x, so that the up-sampled signal stays in registers.
#pragma once

#include "filtered_lrelu_geometry.h"

namespace loupe {

// Rows [first, first + count) of the tile's input, scaled and biased, zero outside of the image.
template <class G>
LOUPE_DEVICE void load_rows(const Params<G>& p, const Tile<G>& tile, Shared<G>& s, int tid,
                            int first, int count) {
    // neighbouring threads read neighbouring addresses
    constexpr int sharing = G::threads / G::channels;
    const int c = G::channels_last ? tid % G::channels : tid / sharing;
    const int channel = tile.channel + c;
    const bool used = channel < p.channels;
    const long long image = static_cast<long long>(tile.n) * p.channels + channel;
    const float scale = p.x_scale && used ? p.x_scale[image] : 1.0f;
    const float bias = p.b && used ? p.b[channel] : 0.0f;
    const typename G::T* x =
        static_cast<const typename G::T*>(p.x) + tile.n * p.x_n + channel * p.x_c;
    LOUPE_UNROLL(4)
    for (int at = G::channels_last ? tid / G::channels : tid % sharing; at < count * G::in_w;
         at += sharing) {
        const int col = at % G::in_w, row = first + at / G::in_w;
        const int ix = tile.in_col + col, iy = tile.in_row + row;
        float value = 0.0f;
        if (used && ix >= 0 && ix < p.in_w && iy >= 0 && iy < p.in_h) {
            value = to_float(x[iy * p.x_y + ix * p.x_x]) * scale + bias;
        }
        s.in[(row % G::in_ring * G::in_pitch + col) * G::channels + c] = value;
    }
}

// What one thread holds while it walks along a group of up-sampled rows.
template <class G>
struct UpWindow {
    static constexpr int num_rows = G::up_2d ? G::in_taps_y : G::up;
    const float* rows[G::in_taps_y];
    float in[num_rows][G::in_taps_x];  // separable: already up-sampled along y
    float act[G::up][G::window];       // activated samples that outputs still need

    LOUPE_DEVICE UpWindow(Shared<G>& s, int group, int c) {
        LOUPE_UNROLL_ALL
        for (int m = 0; m < G::in_taps_y; ++m) {
            rows[m] = s.in + (group + m) % G::in_ring * G::in_pitch * G::channels + c;
        }
        LOUPE_UNROLL_ALL
        for (int q = 0; q < num_rows; ++q) {
            LOUPE_UNROLL_ALL
            for (int m = 0; m < G::in_taps_x; ++m) in[q][m] = 0.0f;
        }
        LOUPE_UNROLL_ALL
        for (int q = 0; q < G::up; ++q) {
            LOUPE_UNROLL_ALL
            for (int i = 0; i < G::window; ++i) act[q][i] = 0.0f;
        }
    }

    LOUPE_DEVICE void push_column(const Params<G>& p, int col) {
        float column[G::in_taps_y];
        LOUPE_UNROLL_ALL
        for (int m = 0; m < G::in_taps_y; ++m) column[m] = rows[m][col * G::channels];
        LOUPE_UNROLL_ALL
        for (int q = 0; q < num_rows; ++q) {
            LOUPE_UNROLL_ALL
            for (int m = 0; m < G::in_taps_x - 1; ++m) in[q][m] = in[q][m + 1];
            float sum = 0.0f;
            if (G::up_2d) {
                sum = column[q];
            } else {
                LOUPE_UNROLL_ALL
                for (int m = 0; m < G::in_taps_y; ++m) {
                    sum += p.up_taps[G::up * m + G::up - 1 - q] * column[m];
                }
            }
            in[q][G::in_taps_x - 1] = sum;
        }
    }

    // Sample number (qy, qx) of the group's rows and the newest column group.
    LOUPE_DEVICE float sample(const Params<G>& p, int qy, int qx) const {
        float sum = 0.0f;
        LOUPE_UNROLL_ALL
        for (int i = 0; i < G::in_taps_x; ++i) {
            const int kx = G::up * i + G::up - 1 - qx;
            if (!G::up_2d) {
                sum += p.up_taps[G::padded_up_y + kx] * in[qy % num_rows][i];
                continue;
            }
            LOUPE_UNROLL_ALL
            for (int m = 0; m < num_rows; ++m) {
                const int ky = G::up * m + G::up - 1 - qy;
                sum += p.up_taps[ky * G::padded_up_x + kx] * in[m][i];
            }
        }
        return sum;
    }

    LOUPE_DEVICE void shift() {
        LOUPE_UNROLL_ALL
        for (int q = 0; q < G::up; ++q) {
            LOUPE_UNROLL_ALL
            for (int i = 0; i < G::window - G::step; ++i) act[q][i] = act[q][i + G::step];
        }
    }

    LOUPE_DEVICE float filtered(const Params<G>& p, int q, int e) const {
        const float* taps = p.down_taps + (G::down_2d ? 0 : G::down_y);
        float sum = 0.0f;
        LOUPE_UNROLL_ALL
        for (int t = 0; t < G::down_x; ++t) sum += taps[t] * act[q][e * G::down + t];
        return sum;
    }
};

// A sample after the activation, and its byte of the pattern.
template <class G>
LOUPE_DEVICE float activate(const Params<G>& p, float t, int* byte) {
    float v = t;
    if (G::slope_kind == at_most_one) {
        const float scaled = t * p.slope;
#ifdef __CUDACC_RTC__
        v = fmaxf(t, scaled);
#else
        v = t < scaled ? scaled : t;
#endif
    } else if (G::slope_kind == any_slope) {
        v = t < 0.0f ? t * p.slope : t;
    }
    if (G::mode == write_pattern) *byte = t > 0.0f ? 0 : 1;
    if (G::has_clamp) {
        if (G::mode == write_pattern && (v < -p.clamp || v > p.clamp)) *byte |= 2;
        v = clamp_to(v, p.clamp);
    }
    return v;
}

// One column of `up` rows: activation, and its pattern to or from memory. `row` and `col` count
// samples from the first group of the image.
template <class G>
LOUPE_DEVICE void activate_column(const Params<G>& p, const Tile<G>& tile, int c, int row, int col,
                                  float (&t)[G::up]) {
    const int px = col + p.pattern_col;
    const bool inside = tile.channel + c < p.channels && px >= 0 && px < p.pattern_w;
    LOUPE_UNROLL_ALL
    for (int q = 0; q < G::up; ++q) {
        const int py = row + q + p.pattern_row;
        const bool kept = G::mode != forward_only && inside && py >= 0 && py < p.pattern_h;
        unsigned char* at = nullptr;
        if (kept) {
            const long long pixel = (static_cast<long long>(tile.n) * p.pattern_h + py) *
                                        p.pattern_w + px;
            at = p.pattern + pixel * p.channels + tile.channel + c;
        }
        if (G::mode == read_pattern) {
            // outside of the forward signal there is nothing to change
            const int byte = kept ? *at : 2;
            t[q] *= byte & 2 ? 0.0f : byte & 1 ? p.slope : 1.0f;
        } else {
            int byte = 0;
            t[q] = activate(p, t[q], &byte);
            // strips overlap here; they write the same values
            if (G::mode == write_pattern && kept) *at = static_cast<unsigned char>(byte);
        }
    }
}

// A group of rows of one channel, from the input ring to the middle ring.
template <class G>
LOUPE_DEVICE void up_group(const Params<G>& p, const Tile<G>& tile, Shared<G>& s, int group,
                           int c) {
    UpWindow<G> window(s, group, c);
    float* mid[G::up];
    LOUPE_UNROLL_ALL
    for (int q = 0; q < G::up; ++q) {
        mid[q] = s.mid + (G::up * group + q) % G::mid_ring * G::mid_pitch * G::channels + c;
    }
    const int row = tile.row * G::down + G::up * group, col = tile.col * G::down;
    LOUPE_UNROLL_ALL
    for (int i = 0; i < G::in_taps_x - 1; ++i) window.push_column(p, i);
    LOUPE_UNROLL(G::unroll_up)
    for (int n = 0; n < G::steps_x; ++n) {
        window.shift();
        LOUPE_UNROLL_ALL
        for (int k = 0; k < G::step; ++k) {
            if (k % G::up == 0) {
                window.push_column(p, G::in_taps_x - 1 + n * G::step_in + k / G::up);
            }
            float t[G::up];
            LOUPE_UNROLL_ALL
            for (int q = 0; q < G::up; ++q) t[q] = window.sample(p, q, k % G::up);
            activate_column(p, tile, c, row, col + n * G::step + k, t);
            LOUPE_UNROLL_ALL
            for (int q = 0; q < G::up; ++q) {
                if (G::down_2d) {
                    mid[q][(n * G::step + k) * G::channels] = t[q];
                } else if (G::window - G::step + k >= 0) {
                    window.act[q][G::window - G::step + k] = t[q];  // others: no output needs
                }
            }
        }
        if (G::down_2d) continue;
        LOUPE_UNROLL_ALL
        for (int e = 0; e < G::step_out; ++e) {
            const int out = n * G::step_out + e - G::lag;
            if (out < 0 || out >= G::tile_w) continue;
            LOUPE_UNROLL_ALL
            for (int q = 0; q < G::up; ++q) {
                mid[q][out * G::channels] = window.filtered(p, q, e);
            }
        }
    }
}

// Groups [first, first + count).
template <class G>
LOUPE_DEVICE void up_rows(const Params<G>& p, const Tile<G>& tile, Shared<G>& s, int tid, int first,
                          int count) {
    for (int item = tid; item < count * G::channels; item += G::threads) {
        up_group(p, tile, s, first + item / G::channels, item % G::channels);
    }
}

}  // namespace loupe
