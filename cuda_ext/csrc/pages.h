// Asks for huge pages where the system gives them on request: the kernels walk through pictures in
// strides of pages, and a fresh picture costs one fault per page. A refusal changes nothing.
#pragma once

#include <cstddef>
#include <cstdint>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace loupe {

constexpr std::size_t huge_from_bytes = std::size_t(1) << 20;

inline void prefer_huge_pages(void* begin, std::size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (bytes < huge_from_bytes) return;
    // a request stays with its addresses: to repeat it for every picture would cost more than it
    // gains
    static thread_local struct {
        void* begin;
        std::size_t bytes;
    } asked[64];
    auto& entry = asked[reinterpret_cast<std::uintptr_t>(begin) / huge_from_bytes % 64];
    if (entry.begin == begin && entry.bytes >= bytes) return;
    entry = {begin, bytes};
    const std::uintptr_t page = 4096, address = reinterpret_cast<std::uintptr_t>(begin);
    const std::uintptr_t first = (address + page - 1) / page * page;
    const std::uintptr_t last = (address + bytes) / page * page;
    // refused, for example, where pages are larger than this: then nothing is asked for
    (void)madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#else
    (void)begin, (void)bytes;
#endif
}

}  // namespace loupe
