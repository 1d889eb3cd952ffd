#include "base/buffer.h"

#include <sys/mman.h>

#include "base/shared_pages.h"

namespace integra {
namespace {

// From here on the system's pages are taken as they come: zero already, and with MAP_POPULATE
// mapped in one call instead of by a fault on each page's first touch. That is a good part of the
// time in which a network is loaded.
constexpr size_t kMappedBytes = 64 << 10;

#if defined(MAP_POPULATE) && !defined(INTEGRA_SANITIZED)
constexpr int kMapping = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
bool IsMapped(size_t bytes) { return bytes >= kMappedBytes; }
#else
// Sanitizers watch the ends of what operator new returns.
constexpr int kMapping = MAP_PRIVATE | MAP_ANONYMOUS;
bool IsMapped(size_t) { return false; }
#endif

}  // namespace

AlignedBuffer::Memory AlignedBuffer::Allocate(size_t size) {
  const size_t bytes = AlignUp(size + kReadPadding);
  SharedMapping* mapping = nullptr;
  if (std::byte* const p = TakeShared(bytes, &mapping)) return {p, {bytes, mapping}};
  if (IsMapped(bytes)) {
    void* p = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, kMapping, -1, 0);
    if (p == MAP_FAILED) throw std::bad_alloc();
    return {static_cast<std::byte*>(p), {bytes, nullptr}};
  }
  auto* p = static_cast<std::byte*>(::operator new(bytes, std::align_val_t(kAlignment)));
  std::memset(p, 0, bytes);
  return {p, {bytes, nullptr}};
}

void AlignedBuffer::Free::operator()(std::byte* p) const {
  if (mapping != nullptr) {
    ReleaseShared(mapping);
  } else if (IsMapped(bytes)) {
    ::munmap(p, bytes);
  } else {
    ::operator delete(p, std::align_val_t(kAlignment));
  }
}

}  // namespace integra
