#include "filter_pairs.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "bfloat16.h"

namespace loupe {
namespace {

// Rounded to bfloat16 and paired. The error of each tap is made good by the next smaller one, so
// that the sum stays: a filter passes what is constant unchanged.
template <int COUNT>
void round_pairs(const double* taps, std::uint32_t* to) {
    int order[COUNT];
    std::iota(order, order + COUNT, 0);
    std::sort(order, order + COUNT,
              [&](int a, int b) { return std::fabs(taps[a]) > std::fabs(taps[b]); });
    double error = 0;
    std::fill(to, to + COUNT / 2, 0u);
    for (int k : order) {
        const double wanted = taps[k] + error;
        const BFloat16 rounded = round_to<BFloat16>(static_cast<float>(wanted));
        error = wanted - to_float(rounded);
        to[k / 2] |= std::uint32_t(rounded.bits) << (k % 2 * 16);
    }
}

constexpr int half = 6;  // of the taps; the others are their mirrors

// G = sum of columns u[r] times rows v[r], by falling size: one-sided Jacobi rotations.
void decompose(const float* filter, double (&u)[half][half], double (&v)[half][half]) {
    // a: columns of G as they are rotated, later u times singular value
    double a[half][half], w[half][half] = {};
    for (int j = 0; j < half; ++j) {
        w[j][j] = 1;
        for (int k = 0; k < half; ++k) a[j][k] = filter[k * 2 * half + j];
    }
    for (int sweep = 0; sweep < 8; ++sweep) {
        for (int p = 0; p < half; ++p) {
            for (int q = p + 1; q < half; ++q) {
                double pp = 0, qq = 0, pq = 0;
                for (int k = 0; k < half; ++k) {
                    pp += a[p][k] * a[p][k], qq += a[q][k] * a[q][k], pq += a[p][k] * a[q][k];
                }
                if (std::fabs(pq) <= 1e-14 * std::sqrt(pp * qq)) continue;
                const double zeta = (qq - pp) / (2 * pq);
                const double t = (zeta >= 0 ? 1 : -1) / (std::fabs(zeta) + std::hypot(1.0, zeta));
                const double c = 1 / std::hypot(1.0, t), s = c * t;
                for (int k = 0; k < half; ++k) {
                    const double x = a[p][k], y = w[p][k];
                    a[p][k] = c * x - s * a[q][k], a[q][k] = s * x + c * a[q][k];
                    w[p][k] = c * y - s * w[q][k], w[q][k] = s * y + c * w[q][k];
                }
            }
        }
    }
    double size[half];
    int order[half];
    for (int j = 0; j < half; ++j) {
        order[j] = j, size[j] = 0;
        for (int k = 0; k < half; ++k) size[j] += a[j][k] * a[j][k];
    }
    std::sort(order, order + half, [&](int x, int y) { return size[x] > size[y]; });
    for (int r = 0; r < half; ++r) {
        const int j = order[r];
        const double root = std::sqrt(std::sqrt(size[j]));  // each side gets one
        for (int k = 0; k < half; ++k) {
            u[r][k] = root > 0 ? a[j][k] / root : 0;
            v[r][k] = w[j][k] * root;
        }
    }
}

void round_mirrored(const double* taps, std::uint32_t* to) {
    double whole[2 * half];
    for (int k = 0; k < half; ++k) whole[k] = whole[2 * half - 1 - k] = taps[k];
    round_pairs<2 * half>(whole, to);
}

int plan_radial(FilterTask& task) {
    double u[half][half], v[half][half], powers[half], total = 0;
    decompose(task.fd.values, u, v);
    for (int r = 0; r < half; ++r) {
        double uu = 0, vv = 0;
        for (int k = 0; k < half; ++k) uu += u[r][k] * u[r][k], vv += v[r][k] * v[r][k];
        powers[r] = uu * vv;
        total += powers[r];
    }
    double rest = total;
    for (int r = 0; r < PairTaps::most_rank; ++r) {
        round_mirrored(v[r], task.pairs.across[r]);
        round_mirrored(u[r], task.pairs.down[r]);
        rest -= powers[r];
        if (rest <= pair_remainder * pair_remainder * total) return r + 1;
    }
    return 0;
}

}  // namespace

void plan_pairs(FilterTask& task) {
    for (int phase = 0; phase < task.up; ++phase) {
        double vertical[half], horizontal[half];
        for (int m = 0; m < half; ++m) {
            const double tap = task.fu.values[phase + m * task.up];
            vertical[m] = tap * task.gain, horizontal[m] = tap;
        }
        round_pairs<half>(vertical, task.pairs.vertical[phase]);
        round_pairs<half>(horizontal, task.pairs.horizontal[phase]);
    }
    if (task.radial) {
        task.pairs.rank = plan_radial(task);
    } else {
        const double taps[half] = {task.fd.values[0], task.fd.values[1], task.fd.values[2],
                                   task.fd.values[3], task.fd.values[4], task.fd.values[5]};
        round_mirrored(taps, task.pairs.across[0]);
        round_mirrored(taps, task.pairs.down[0]);
        task.pairs.rank = 1;
    }
    // with room for the rounding of the taps; magnitudes of bfloat16 are in the order of their bits
    std::uint32_t bits;
    const float limit = 0.98f * task.folded.unclamped;
    std::memcpy(&bits, &limit, sizeof bits);
    task.pairs.unclamped = static_cast<std::uint16_t>(bits >> 16);
}

}  // namespace loupe
