#include "base/shared_pages.h"

#include <sys/mman.h>

#include <atomic>
#include <cstdint>

namespace integra {

class SharedMapping {
 public:
  SharedMapping(std::byte* begin, size_t bytes) : begin_(begin), bytes_(bytes) {}

  // Bytes that nobody had yet, which are zero; null where there are not enough.
  std::byte* Take(size_t bytes) {
    if (bytes > bytes_ - taken_) return nullptr;
    std::byte* const p = begin_ + taken_;
    taken_ += bytes;
    users_.fetch_add(1, std::memory_order_relaxed);
    return p;
  }

  // By each that has taken, and by the SharedPages.
  void Release() {
    if (users_.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
    ::munmap(begin_, bytes_);
    delete this;
  }

 private:
  std::byte* const begin_;
  const size_t bytes_;
  size_t taken_ = 0;
  std::atomic<size_t> users_ = 1;
};

namespace {

thread_local SharedMapping* current = nullptr;

#if defined(MADV_HUGEPAGE) && !defined(INTEGRA_SANITIZED)
constexpr size_t kPage = 2 << 20;

// As many pages as are filled, or nearly so. Behind them follow small ones, which take no memory
// before they are touched, for what was not expected.
SharedMapping* Map(size_t expected_bytes) {
  const size_t large = (expected_bytes + kPage / 4) / kPage * kPage;
  if (large == 0) return nullptr;
  const size_t bytes = large + AlignUp(expected_bytes / 2, kPage);
  void* const p =
      ::mmap(nullptr, bytes + kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return nullptr;
  auto* const begin = static_cast<std::byte*>(p);
  const size_t before =
      AlignUp(reinterpret_cast<uintptr_t>(p), kPage) - reinterpret_cast<uintptr_t>(p);
  if (before > 0) ::munmap(begin, before);
  if (before < kPage) ::munmap(begin + before + bytes, kPage - before);
  ::madvise(begin + before, large, MADV_HUGEPAGE);  // advice: small pages will do
  return new SharedMapping(begin + before, bytes);
}
#else
SharedMapping* Map(size_t) { return nullptr; }
#endif

}  // namespace

std::byte* TakeShared(size_t bytes, SharedMapping** from) {
  *from = current;
  std::byte* const p = current != nullptr ? current->Take(bytes) : nullptr;
  if (p == nullptr) *from = nullptr;
  return p;
}

void ReleaseShared(SharedMapping* mapping) { mapping->Release(); }

SharedPages::~SharedPages() {
  if (mapping_ != nullptr) mapping_->Release();
}

SharedPages::Use::Use(SharedPages& pages, size_t expected_bytes) : before_(current) {
  if (!pages.is_used_) pages.mapping_ = Map(expected_bytes);
  pages.is_used_ = true;
  current = pages.mapping_;
}

SharedPages::Use::~Use() { current = before_; }

}  // namespace integra
