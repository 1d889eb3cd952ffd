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

// About 50 microseconds: longer than the gap between two layers, shorter than anyone would notice.
constexpr int kSpins = 2000;

}  // namespace

// One task at a time. `generation_` is odd while a task is open to the workers.
class ThreadPool::Impl {
 public:
  explicit Impl(int threads) {
    workers_.reserve(static_cast<size_t>(threads - 1));
    for (int i = 1; i < threads; ++i) workers_.emplace_back([this, i] { Work(i); });
  }

  ~Impl() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stop_ = true;
      generation_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  void Run(int64_t parts, void (*part)(void*, int64_t, int), void* context) {
    const std::lock_guard<std::mutex> one_caller(callers_);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      part_ = part;
      context_ = context;
      parts_ = parts;
      next_.store(0, std::memory_order_relaxed);
      running_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
      generation_.fetch_add(1, std::memory_order_release);
    }
    if (sleeping_.load(std::memory_order_relaxed) > 0) wake_.notify_all();
    TakeParts(0);
    while (running_.load(std::memory_order_acquire) > 0) Pause();
  }

 private:
  void TakeParts(int thread) {
    for (;;) {
      const int64_t i = next_.fetch_add(1, std::memory_order_relaxed);
      if (i >= parts_) return;
      part_(context_, i, thread);
    }
  }

  void Work(int thread) {
    uint64_t seen = 0;
    for (;;) {
      for (int i = 0; i < kSpins && generation_.load(std::memory_order_acquire) == seen; ++i) {
        Pause();
      }
      if (generation_.load(std::memory_order_acquire) == seen) {
        std::unique_lock<std::mutex> lock(mutex_);
        sleeping_.fetch_add(1, std::memory_order_relaxed);
        wake_.wait(lock, [&] { return generation_.load(std::memory_order_relaxed) != seen; });
        sleeping_.fetch_sub(1, std::memory_order_relaxed);
      }
      // Each task waits for all workers before the next one begins, so none is ever missed.
      seen = generation_.load(std::memory_order_acquire);
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (stop_) return;
      }
      TakeParts(thread);
      running_.fetch_sub(1, std::memory_order_release);
    }
  }

  std::mutex callers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<uint64_t> generation_{0};
  std::atomic<int> sleeping_{0};
  std::atomic<int64_t> next_{0};
  std::atomic<int> running_{0};
  int64_t parts_ = 0;
  void (*part_)(void*, int64_t, int) = nullptr;
  void* context_ = nullptr;
  bool stop_ = false;
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
