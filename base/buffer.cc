#include "base/buffer.h"

#include <sys/mman.h>

namespace integra {
namespace {

// From here on the system's pages are taken as they come: zero already, and with MAP_POPULATE
// mapped in one call instead of by a fault on each page's first touch. That is a good part of the
// time in which a network is loaded.
constexpr size_t kMappedBytes = 64 << 10;

#if defined(MAP_POPULATE) && !defined(__SANITIZE_ADDRESS__)
constexpr int kMapping = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
bool IsMapped(size_t bytes) { return bytes >= kMappedBytes; }
#else
// Sanitizers watch the ends of what operator new returns.
constexpr int kMapping = MAP_PRIVATE | MAP_ANONYMOUS;
bool IsMapped(size_t) { return false; }
#endif

}  // namespace

std::byte* AllocateZeroed(size_t bytes) {
  if (IsMapped(bytes)) {
    void* p = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, kMapping, -1, 0);
    if (p == MAP_FAILED) throw std::bad_alloc();
    return static_cast<std::byte*>(p);
  }
  auto* p = static_cast<std::byte*>(::operator new(bytes, std::align_val_t(kAlignment)));
  std::memset(p, 0, bytes);
  return p;
}

void FreeZeroed(std::byte* p, size_t bytes) {
  if (IsMapped(bytes)) {
    ::munmap(p, bytes);
  } else {
    ::operator delete(p, std::align_val_t(kAlignment));
  }
}

}  // namespace integra
