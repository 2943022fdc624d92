// The points of Winograd's transform F(4x4, 3x3) besides 0 and infinity: +-A and +-B.
#pragma once

namespace loupe {
namespace winograd {

constexpr float A = 0.75f, B = 1.5f, A2 = A * A, B2 = B * B;

}  // namespace winograd
}  // namespace loupe
