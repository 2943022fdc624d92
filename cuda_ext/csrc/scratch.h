// Memory of one thread that grows and stays, aligned to cache lines.
#pragma once

#include <cstdint>
#include <memory>

namespace loupe {

class Scratch {
   public:
    float* floats(std::int64_t count) {
        if (count > size_) {
            memory_.reset(new char[count * sizeof(float) + 64]);
            size_ = count;
        }
        const auto address = reinterpret_cast<std::uintptr_t>(memory_.get());
        return reinterpret_cast<float*>((address + 63) / 64 * 64);
    }

   private:
    std::unique_ptr<char[]> memory_;
    std::int64_t size_ = 0;
};

}  // namespace loupe
