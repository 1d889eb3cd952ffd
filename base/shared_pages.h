// Pages that buffers share.
//
// When a process touches memory for the first time, the system takes about as long for a page of
// 2 MiB as for a dozen of 4 KiB. Buffers that are smaller, but many, get such pages together.
#pragma once

#include <cstddef>

#include "base/buffer.h"

namespace integra {

// For AlignedBuffer: `bytes` bytes, all zero, and whom to tell when they are no longer needed; null
// where nothing is shared.
std::byte* TakeShared(size_t bytes, SharedMapping** from);
void ReleaseShared(SharedMapping* from);

class SharedPages {
 public:
  SharedPages() = default;
  SharedPages(const SharedPages&) = delete;
  SharedPages& operator=(const SharedPages&) = delete;
  ~SharedPages();

  // Buffers that the thread makes in the lifetime of a Use lie side by side in one mapping, which
  // goes with the last of them. The first one's `expected_bytes` says what they will take in all:
  // little gets no mapping, and so do buffers for which there is no room any more. (One thread at a
  // time.)
  class Use {
   public:
    Use(SharedPages& pages, size_t expected_bytes);
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use();

   private:
    SharedMapping* const before_;
  };

 private:
  bool is_used_ = false;
  SharedMapping* mapping_ = nullptr;
};

}  // namespace integra
