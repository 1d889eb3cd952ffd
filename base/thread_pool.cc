#include "base/thread_pool.h"

#include <algorithm>
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

// What hands out the parts of a task: in one word its number, how many parts it has and how many of
// these are taken. Who takes one learns from the same instruction whether there was one, so that a
// worker that comes late reads nothing of a task that is over, and is not waited for: a task ends
// when its parts have run, not when every worker has looked at it.
class Ticket {
 public:
  static constexpr int64_t kMostParts = (1 << 24) - 4096;  // some may be taken that there are not

  static Ticket First(uint64_t task, int64_t parts) {
    return Ticket(task << 48 | static_cast<uint64_t>(parts) << 24);
  }
  explicit Ticket(uint64_t word) : word_(word) {}

  uint64_t word() const { return word_; }
  uint64_t task() const { return word_ >> 48; }
  int64_t part() const { return static_cast<int64_t>(word_ & kMask); }
  bool is_valid() const { return part() < static_cast<int64_t>(word_ >> 24 & kMask); }

 private:
  static constexpr uint64_t kMask = (1 << 24) - 1;
  uint64_t word_;
};

}  // namespace

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
    part_ = part;
    context_ = context;
    for (first_ = 0; first_ < parts; first_ += Ticket::kMostParts) {
      RunTask(std::min(parts - first_, Ticket::kMostParts));
    }
  }

 private:
  // The parts from first_ on. All parts of the task before have run, so nobody reads it any more.
  void RunTask(int64_t parts) {
    done_.store(0, std::memory_order_relaxed);
    // Sequentially consistent: orders the task before the look at sleeping_.
    next_.store(Ticket::First(++task_, parts).word());
    if (sleeping_.load() > 0) {
      // The empty critical section: a worker between its last look and its wait is past it now.
      { const std::lock_guard<std::mutex> lock(mutex_); }
      wake_.notify_all();
    }
    TakeParts(0);
    while (done_.load(std::memory_order_acquire) < parts) Pause();
  }

  // Returns the task that has no parts left.
  uint64_t TakeParts(int thread) {
    for (;;) {
      const Ticket ticket(next_.fetch_add(1, std::memory_order_acquire));
      if (!ticket.is_valid()) return ticket.task();
      part_(context_, first_ + ticket.part(), thread);
      done_.fetch_add(1, std::memory_order_release);
    }
  }

  void Work(int thread) {
    uint64_t seen = 0;
    const auto is_news = [&] { return Ticket(next_.load()).task() != seen || stop_.load(); };
    for (;;) {
      for (int i = 0; i < kSpins && !is_news(); ++i) Pause();
      if (!is_news()) {
        std::unique_lock<std::mutex> lock(mutex_);
        sleeping_.fetch_add(1);
        wake_.wait(lock, is_news);
        sleeping_.fetch_sub(1);
      }
      if (stop_.load()) return;
      seen = TakeParts(thread);
    }
  }

  // What waiting workers read over and over has a cache line of its own: stores to what is beside
  // it would take the line from them.
  alignas(kCacheLine) std::atomic<uint64_t> next_{0};
  std::atomic<bool> stop_{false};
  alignas(kCacheLine) std::atomic<int64_t> done_{0};
  // The caller's.
  alignas(kCacheLine) std::atomic<int> sleeping_{0};
  uint64_t task_ = 0;  // its lower 16 bits are in the ticket
  void (*part_)(void*, int64_t, int) = nullptr;
  void* context_ = nullptr;
  int64_t first_ = 0;
  std::mutex callers_;
  std::mutex mutex_;
  std::condition_variable wake_;
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
