// Running a network allocates nothing: malloc and its relatives are counted, in all threads.
#include <doctest/doctest.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>

#include "tests/integer_only/running_network.h"

// Sanitizers bring their own malloc.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && defined(__GLIBC__)

namespace {

std::atomic<bool> counting{false};
std::atomic<int64_t> allocations{0};

void Note() {
  if (counting.load(std::memory_order_relaxed)) ++allocations;
}

}  // namespace

// These take the place of the C library's, in this program and in the libraries it uses; operator
// new calls malloc.
extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier): the C library's own functions under their own names.
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
// NOLINTEND(bugprone-reserved-identifier)

void* malloc(size_t bytes) {
  Note();
  return __libc_malloc(bytes);
}
void* calloc(size_t count, size_t bytes) {
  Note();
  return __libc_calloc(count, bytes);
}
void* realloc(void* old, size_t bytes) {
  Note();
  return __libc_realloc(old, bytes);
}
void* memalign(size_t alignment, size_t bytes) {
  Note();
  return __libc_memalign(alignment, bytes);
}
void* aligned_alloc(size_t alignment, size_t bytes) { return memalign(alignment, bytes); }
int posix_memalign(void** result, size_t alignment, size_t bytes) {
  *result = memalign(alignment, bytes);
  return *result == nullptr ? ENOMEM : 0;
}
}

namespace integra::test {
namespace {

// How often memory was allocated while f ran.
template <typename F>
int64_t AllocationsDuring(const F& f) {
  allocations = 0;
  counting = true;
  f();
  counting = false;
  return allocations;
}

TEST_CASE("no allocation: the counter counts") {
  CHECK(AllocationsDuring([] {}) == 0);
  CHECK(AllocationsDuring([] {
          void* volatile p = std::malloc(10);
          std::free(p);
        }) == 1);
  CHECK(AllocationsDuring([] {
          int* volatile p = new int(1);
          delete p;
        }) == 1);
}

TEST_CASE("no allocation: running a network allocates nothing") {
  for (const NamedNetwork& each : NetworksToRun()) {
    CAPTURE(each.name);
    for (const bool profile : {false, true}) {
      for (const int threads : {1, 2, 3}) {
        CAPTURE(profile);
        CAPTURE(threads);
        RunningNetwork running(each.network,
                               {.threads = threads, .gemm = "own", .profile = profile});
        CHECK(AllocationsDuring([&] { running.Run(); }) == 0);  // the first run, too
        CHECK(AllocationsDuring([&] { running.Run(); }) == 0);
      }
    }
  }
}

}  // namespace
}  // namespace integra::test

#endif
