#include "threads.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#if defined(_MSC_VER) && (defined(_M_X64) || defined(_M_IX86))
#include <intrin.h>
#endif

namespace loupe {
namespace {

// The entry of GCC's OpenMP interface: void GOMP_parallel(fn, data, num_threads, flags).
using OpenMPEntry = void (*)(void (*)(void*), void*, unsigned, unsigned);
std::atomic<OpenMPEntry> openmp_entry{nullptr};

// The thread that starts a job takes units from the front, the others take them from the back: jobs
// that go through the same picture one after the other find its parts in the caches of their core.
struct Job {
    std::atomic<std::int64_t> taken{0}, front{0}, back;
    std::int64_t count;
    const std::function<void(std::int64_t)>* body;
    std::thread::id starter = std::this_thread::get_id();
    std::mutex error_mutex;
    std::exception_ptr error;

    Job(std::int64_t units, const std::function<void(std::int64_t)>* what)
        : back(units), count(units), body(what) {}

    // An error stops the job and is thrown again where the job was started.
    void work() noexcept {
        const bool first = std::this_thread::get_id() == starter;
        try {
            while (taken.fetch_add(1) < count) (*body)(first ? front.fetch_add(1) : --back);
        } catch (...) {
            taken.store(count);
            std::lock_guard<std::mutex> lock(error_mutex);
            if (!error) error = std::current_exception();
        }
    }
    static void run(void* job) { static_cast<Job*>(job)->work(); }
};

inline void relax() {
#if defined(_MSC_VER) && (defined(_M_X64) || defined(_M_IX86))
    _mm_pause();
#elif defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

// Waits actively until `done`, for about as long as it takes to wake a sleeping thread. Longer
// waits would take a core from other programs, and from the very thread that is waited for.
constexpr int wait_usec = 30;

template <class Condition>
bool wait_briefly(const Condition& done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(wait_usec);
    do {
        for (int i = 0; i < 16; ++i) {
            if (done()) return true;
            relax();
        }
    } while (std::chrono::steady_clock::now() < end);
    return done();
}

// Threads that wait for jobs, soon asleep; one job at a time. Who comes late finds nothing left to
// do and is not waited for: a thread that another program keeps from running costs its share only.
class Pool {
   public:
    void run(Job& job, int helpers) {
        std::lock_guard<std::mutex> one_job(jobs_);
        bool asleep = false;
        {
            std::lock_guard<std::mutex> lock(mutex_);
            grow(helpers);
            job_ = &job;
            wanted_ = std::min(helpers, static_cast<int>(threads_.size()));
            asleep = asleep_ > 0;
        }
        if (asleep) wake_.notify_all();
        job.work();
        std::unique_lock<std::mutex> lock(mutex_);
        wanted_ = 0;  // who did not come yet need not come any more
        if (busy_ > 0) {
            lock.unlock();
            wait_briefly([this] { return busy_.load() == 0; });
            lock.lock();
        }
        done_.wait(lock, [this] { return busy_ == 0; });
        job_ = nullptr;
    }

    ~Pool() {
        {
            std::lock_guard<std::mutex> lock(mutex_);
            stop_ = true;
        }
        wake_.notify_all();
        for (std::thread& thread : threads_) thread.join();
    }

   private:
    // Where the system gives no more threads, those that there are do the work.
    void grow(int helpers) {
        while (static_cast<int>(threads_.size()) < helpers) {
            try {
                threads_.emplace_back([this] { serve(); });
            } catch (const std::system_error&) {
                return;
            }
        }
    }

    void serve() {
        for (;;) {
            wait_briefly([this] { return wanted_.load() > 0; });
            std::unique_lock<std::mutex> lock(mutex_);
            ++asleep_;
            wake_.wait(lock, [this] { return stop_ || wanted_ > 0; });
            --asleep_;
            if (stop_) return;
            --wanted_;
            ++busy_;
            Job* job = job_;
            lock.unlock();
            job->work();
            lock.lock();
            if (--busy_ == 0) done_.notify_one();
        }
    }

    std::mutex jobs_, mutex_;
    std::condition_variable wake_, done_;
    std::vector<std::thread> threads_;
    Job* job_ = nullptr;
    // changed under the mutex only; looked at without it
    std::atomic<int> wanted_{0}, busy_{0};
    int asleep_ = 0;
    bool stop_ = false;
};

Pool& pool() {
    // never destroyed: joining threads while a module is unloaded can hang
    static Pool* instance = new Pool;
    return *instance;
}

}  // namespace

void parallel_for(std::int64_t count, int threads, const std::function<void(std::int64_t)>& body) {
    const int wanted = static_cast<int>(std::min<std::int64_t>(count, std::max(threads, 1)));
    Job job(count, &body);
    if (wanted <= 1) {
        job.work();
    } else if (OpenMPEntry entry = openmp_entry.load()) {
        entry(&Job::run, &job, static_cast<unsigned>(wanted), 0);
    } else {
        pool().run(job, wanted - 1);
    }
    if (job.error) std::rethrow_exception(job.error);
}

void use_openmp(std::uintptr_t entry) { openmp_entry.store(reinterpret_cast<OpenMPEntry>(entry)); }

const char* thread_runtime() {
    return openmp_entry.load() ? "OpenMP threads of torch" : "own threads";
}

}  // namespace loupe
