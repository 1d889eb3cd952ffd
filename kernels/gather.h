// Taking elements by index, and finding the index of the largest or smallest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace integra::kernels {

// dst[b, o, i, :] = src[b, o, indices[b, i], :] with src [batch, outer, axis, inner_bytes].
struct GatherParams {
  int64_t batch = 1;
  int64_t outer = 1;
  int64_t axis = 1;
  int64_t coords = 1;  // indices of one batch
  int64_t inner_bytes = 1;
};

// Where the first index outside of [0, axis) is, or -1. Index is int16_t, int32_t or int64_t.
template <typename Index>
int64_t FindOutside(const Index* indices, int64_t count, int64_t axis);

// Every index has to be inside.
template <typename Index>
void Gather(const GatherParams& params, const std::byte* src, const Index* indices, std::byte* dst);

// dst[i, :] = src[indices[i, 0], ..., indices[i, K-1], :] with src [dims..., inner_bytes], K =
// |dims|.
struct GatherNdParams {
  std::vector<int64_t> dims;
  int64_t count = 1;
  int64_t inner_bytes = 1;
};

template <typename Index>
int64_t FindOutsideNd(const GatherNdParams& params, const Index* indices);

template <typename Index>
void GatherNd(const GatherNdParams& params, const std::byte* src, const Index* indices,
              std::byte* dst);

// dst[o, i] = the smallest k with the largest (or smallest) src[o, k, i], src [outer, axis, inner].
// T is uint8_t, int16_t, int32_t or int64_t, Index int32_t or int64_t.
template <typename T, typename Index>
void ArgExtremum(bool largest, int64_t outer, int64_t axis, int64_t inner, const T* src,
                 Index* dst);

}  // namespace integra::kernels
