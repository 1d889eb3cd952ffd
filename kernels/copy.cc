#include "kernels/copy.h"

#include <cstring>

namespace integra::kernels {
namespace {

template <typename T>
void Rows(const Copy& copy, const T* src, T* dst, int64_t first, int64_t last) {
  const int64_t count = copy.nest.row_length();
  const int64_t src_step = copy.nest.loops.back().strides[0];
  const int64_t dst_step = copy.nest.loops.back().strides[1];
  src += copy.src_offset;
  dst += copy.dst_offset;
  if (src_step == 1 && dst_step == 1) {
    const size_t bytes = static_cast<size_t>(count) * sizeof(T);
    copy.nest.ForEachRow(
        first, last, [&](int64_t a, int64_t b, int64_t) { std::memcpy(dst + b, src + a, bytes); });
    return;
  }
  copy.nest.ForEachRow(first, last, [&](int64_t a, int64_t b, int64_t) {
    for (int64_t i = 0; i < count; ++i) dst[b + i * dst_step] = src[a + i * src_step];
  });
}

template <typename T>
void FillWith(const std::byte* value, std::byte* dst, int64_t count) {
  T element;
  std::memcpy(&element, value, sizeof(T));
  T* to = reinterpret_cast<T*>(dst);
  for (int64_t i = 0; i < count; ++i) to[i] = element;
}

}  // namespace

void CopyRows(const Copy& copy, size_t element_bytes, const std::byte* src, std::byte* dst,
              int64_t first, int64_t last) {
  const auto rows = [&]<typename T>(T*) {
    Rows(copy, reinterpret_cast<const T*>(src), reinterpret_cast<T*>(dst), first, last);
  };
  switch (element_bytes) {
    case 1:
      return rows(static_cast<uint8_t*>(nullptr));
    case 2:
      return rows(static_cast<uint16_t*>(nullptr));
    case 4:
      return rows(static_cast<uint32_t*>(nullptr));
    default:
      return rows(static_cast<uint64_t*>(nullptr));
  }
}

void Fill(size_t element_bytes, const std::byte* value, std::byte* dst, int64_t count) {
  switch (element_bytes) {
    case 1:
      return FillWith<uint8_t>(value, dst, count);
    case 2:
      return FillWith<uint16_t>(value, dst, count);
    case 4:
      return FillWith<uint32_t>(value, dst, count);
    default:
      return FillWith<uint64_t>(value, dst, count);
  }
}

}  // namespace integra::kernels
