// A fixed set of threads that share out the parts of one task at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace integra {

// Threads spin briefly for the next task and then sleep. A pool may be used by several callers;
// their tasks then run one after the other.
class ThreadPool {
 public:
  // `threads` counts the caller's own thread: 1 starts none.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return threads_; }

  // Calls part(context, i, thread) for every i in [0, parts), each once, `thread` in [0,
  // threads()). The caller works too. Returns when all are done. `part` must not throw.
  void Run(int64_t parts, void (*part)(void*, int64_t, int), void* context);

  // The same for a callable f(i, thread).
  template <typename F>
  void ParallelFor(int64_t parts, const F& f) {
    if (threads_ == 1 || parts <= 1) {
      for (int64_t i = 0; i < parts; ++i) f(i, 0);
      return;
    }
    Run(
        parts,
        [](void* context, int64_t i, int thread) { (*static_cast<const F*>(context))(i, thread); },
        const_cast<void*>(static_cast<const void*>(&f)));
  }

 private:
  class Impl;
  int threads_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace integra
