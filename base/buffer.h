// Aligned, owned memory, and shared views of bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

namespace integra {

inline constexpr size_t kAlignment = 64;    // one cache line, one 512-bit vector
inline constexpr size_t kReadPadding = 64;  // kernels may read this far past the end of a buffer

inline constexpr size_t AlignUp(size_t n, size_t alignment = kAlignment) {
  return (n + alignment - 1) / alignment * alignment;
}

// Buffers may lie in one together: base/shared_pages.h.
class SharedMapping;

// Memory aligned to kAlignment, with kReadPadding bytes more than asked for, all zero at first.
// Throws std::bad_alloc.
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t bytes) : data_(Allocate(bytes)), size_(bytes) {}

  template <typename T = std::byte>
  T* data() const {
    return reinterpret_cast<T*>(data_.get());
  }
  size_t size() const { return size_; }

 private:
  // (Out of line, as vector kernels have buffers.)
  struct Free {
    size_t bytes;
    SharedMapping* mapping;
    void operator()(std::byte* p) const;
  };
  using Memory = std::unique_ptr<std::byte, Free>;
  static Memory Allocate(size_t bytes);

  Memory data_{nullptr, Free{0, nullptr}};
  size_t size_ = 0;
};

// Immutable bytes together with whatever keeps them alive (a mapped file, a vector).
struct SharedBytes {
  std::shared_ptr<const void> owner;
  std::span<const std::byte> bytes;

  size_t size() const { return bytes.size(); }
  template <typename T>
  const T* as() const {
    return reinterpret_cast<const T*>(bytes.data());
  }

  template <typename T>
  static SharedBytes Own(std::vector<T> values) {
    auto owned = std::make_shared<const std::vector<T>>(std::move(values));
    return {owned, std::as_bytes(std::span<const T>(*owned))};
  }
};

}  // namespace integra
