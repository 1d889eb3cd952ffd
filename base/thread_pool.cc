#include "base/thread_pool.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace integra {
namespace {

void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Some tens of microseconds: longer than the gap between two layers.
constexpr int kSpins = 2000;

constexpr size_t kCacheLine = 64;

}  // namespace

// Parts are handed out by one counter that also says which task they belong to, so that a worker
// that wakes up late finds nothing left and is not waited for: a task ends when its parts have run,
// not when every worker has looked at it.
class ThreadPool::Impl {
 public:
  explicit Impl(int threads) {
    workers_.reserve(static_cast<size_t>(threads - 1));
    for (int i = 1; i < threads; ++i) workers_.emplace_back([this, i] { Work(i); });
  }

  ~Impl() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stop_.store(true);
    }
    wake_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  void Run(int64_t parts, void (*part)(void*, int64_t, int), void* context) {
    const std::lock_guard<std::mutex> one_caller(callers_);
    // No worker is inside TakeParts here, so the task may be replaced.
    part_ = part;
    context_ = context;
    parts_ = parts;
    next_.store(0, std::memory_order_relaxed);
    done_.store(0, std::memory_order_relaxed);
    open_.store(true);  // sequentially consistent: orders the task before the look at sleeping_
    generation_.fetch_add(1);
    if (sleeping_.load() > 0) {
      // The empty critical section: a worker between its last look and its wait is past it now.
      { const std::lock_guard<std::mutex> lock(mutex_); }
      wake_.notify_all();
    }
    TakeParts(0);
    while (done_.load(std::memory_order_acquire) < parts) Pause();
    open_.store(false);
    while (inside_.load(std::memory_order_acquire) > 0) Pause();
  }

 private:
  void TakeParts(int thread) {
    for (;;) {
      const int64_t i = next_.fetch_add(1, std::memory_order_relaxed);
      if (i >= parts_) return;
      part_(context_, i, thread);
      done_.fetch_add(1, std::memory_order_release);
    }
  }

  void Work(int thread) {
    uint64_t seen = 0;
    for (;;) {
      for (int i = 0; i < kSpins && generation_.load() == seen && !stop_.load(); ++i) Pause();
      if (generation_.load() == seen) {
        std::unique_lock<std::mutex> lock(mutex_);
        sleeping_.fetch_add(1);
        wake_.wait(lock, [&] { return generation_.load() != seen || stop_.load(); });
        sleeping_.fetch_sub(1);
      }
      if (stop_.load()) return;
      seen = generation_.load();
      inside_.fetch_add(1);
      if (open_.load()) TakeParts(thread);
      inside_.fetch_sub(1, std::memory_order_release);
    }
  }

  std::mutex callers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  // What waiting workers read over and over has a cache line of its own, and so does what all
  // write: otherwise each store to the task's description would take the line back from them.
  alignas(kCacheLine) std::atomic<uint64_t> generation_{0};
  std::atomic<bool> stop_{false};
  alignas(kCacheLine) std::atomic<bool> open_{false};  // the task may be joined
  int64_t parts_ = 0;
  void (*part_)(void*, int64_t, int) = nullptr;
  void* context_ = nullptr;
  alignas(kCacheLine) std::atomic<int64_t> next_{0};
  alignas(kCacheLine) std::atomic<int64_t> done_{0};
  std::atomic<int> inside_{0};  // workers that may touch the task
  alignas(kCacheLine) std::atomic<int> sleeping_{0};
  std::vector<std::thread> workers_;
};

ThreadPool::ThreadPool(int threads)
    : threads_(threads < 1 ? 1 : threads),
      impl_(threads_ > 1 ? std::make_unique<Impl>(threads_) : nullptr) {}

ThreadPool::~ThreadPool() = default;

void ThreadPool::Run(int64_t parts, void (*part)(void*, int64_t, int), void* context) {
  impl_->Run(parts, part, context);
}

}  // namespace integra
