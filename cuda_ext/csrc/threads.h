// Loops over independent units of work on several threads.
#pragma once

#include <cstdint>
#include <functional>

namespace loupe {

// Runs body(unit) for every unit in [0, count), on up to `threads` threads, and waits. Units are
// taken one by one, in rising order by the calling thread and in falling order by the others. The
// threads are those of torch's OpenMP runtime where one was given (its waiting threads would
// compete with ours), else a pool of our own.
void parallel_for(std::int64_t count, int threads, const std::function<void(std::int64_t)>& body);

// `entry`: address of GOMP_parallel of the runtime that torch uses, or 0.
void use_openmp(std::uintptr_t entry);

// "OpenMP of torch" or "own threads".
const char* thread_runtime();

}  // namespace loupe
