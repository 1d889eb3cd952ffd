// Which values of a row should be multiplied side by side. Included by gemm_bytes.cc alone.
//
// vpmaddubsw adds two products in 16 bits. With whole values, up to 255, they fit if the positive
// weights of the two, and the negative ones, are at most 128 in sum, for every channel of a tile.
// Within 16 values the order is free: one shuffle puts them in any. So values are paired whose
// weights are not large in the same channels.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstring>
#include <utility>

#include "base/buffer.h"
#include "kernels/avx2/output_stage.h"
#include "kernels/gemm.h"

namespace integra::kernels::avx2 {
namespace {

constexpr int64_t kShuffled = 16;  // values
constexpr int kMostPairSum = 128;

// Of 16 values: in how many tiles of 16 channels two of them cannot be paired.
struct PairCosts {
  int32_t tiles[kShuffled][kShuffled];
};

// `columns`: the weights of each of 16 values, [16][channels], `channels` a multiple of 32.
INTEGRA_INLINE PairCosts FindPairCosts(const int8_t* columns, int64_t channels) {
  const __m256i zero = _mm256_setzero_si256();
  const __m256i most = _mm256_set1_epi8(static_cast<char>(kMostPairSum));
  PairCosts costs = {};
  for (int64_t n = 0; n < channels; n += 32) {
    __m256i positive[kShuffled], negative[kShuffled];
    for (int64_t i = 0; i < kShuffled; ++i) {
      const auto* const from = reinterpret_cast<const __m256i*>(columns + i * channels + n);
      const __m256i w = _mm256_load_si256(from);
      positive[i] = _mm256_max_epi8(w, zero);
      negative[i] = _mm256_sub_epi8(zero, _mm256_min_epi8(w, zero));
    }
    for (int64_t i = 0; i < kShuffled; ++i) {
      for (int64_t j = 0; j < i; ++j) {
        const __m256i above =
            _mm256_or_si256(_mm256_subs_epu8(_mm256_adds_epu8(positive[i], positive[j]), most),
                            _mm256_subs_epu8(_mm256_adds_epu8(negative[i], negative[j]), most));
        const auto fits =
            static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(above, zero)));
        costs.tiles[i][j] += ((fits & 0xffff) != 0xffff ? 1 : 0) + (fits >> 16 != 0xffff ? 1 : 0);
      }
    }
  }
  for (int64_t i = 0; i < kShuffled; ++i) {
    for (int64_t j = 0; j < i; ++j) costs.tiles[j][i] = costs.tiles[i][j];
  }
  return costs;
}

// Pairs of little cost, one after the other, those of most cost last. Returns the cost of all.
INTEGRA_INLINE int32_t FindPairs(const PairCosts& costs, uint8_t* order) {
  constexpr int64_t kPairs = kShuffled / 2;
  struct Pair {
    uint8_t a, b;
  } pairs[kPairs];
  for (int64_t i = 0; i < kPairs; ++i) {
    pairs[i] = {static_cast<uint8_t>(2 * i), static_cast<uint8_t>(2 * i + 1)};
  }
  const auto cost = [&](uint8_t a, uint8_t b) __attribute__((always_inline)) {
    return costs.tiles[a][b];
  };
  // Two pairs exchange partners as long as that helps.
  for (bool changed = true; changed;) {
    changed = false;
    for (int64_t i = 0; i < kPairs; ++i) {
      for (int64_t j = 0; j < i; ++j) {
        Pair &p = pairs[i], &q = pairs[j];
        const int32_t now = cost(p.a, p.b) + cost(q.a, q.b);
        if (cost(p.a, q.a) + cost(p.b, q.b) < now) {
          std::swap(p.b, q.a);
          changed = true;
        } else if (cost(p.a, q.b) + cost(p.b, q.a) < now) {
          std::swap(p.b, q.b);
          changed = true;
        }
      }
    }
  }
  for (int64_t i = 1; i < kPairs; ++i) {
    for (int64_t j = i;
         j > 0 && cost(pairs[j].a, pairs[j].b) < cost(pairs[j - 1].a, pairs[j - 1].b); --j) {
      std::swap(pairs[j], pairs[j - 1]);
    }
  }
  std::memcpy(order, pairs, sizeof(pairs));
  int32_t all = 0;
  for (const Pair& p : pairs) all += cost(p.a, p.b);
  return all;
}

struct ValueOrder {
  AlignedBuffer order;  // [depth]: the number of the value in its 16
  int64_t large;        // pairs of all tiles whose weights are too large
};

// Of a row whose depth is a multiple of 16.
INTEGRA_INLINE ValueOrder FindOrder(const GemmProblem& p) {
  const int64_t channels = (p.n + 31) / 32 * 32;
  const AlignedBuffer columns(static_cast<size_t>(kShuffled * channels));
  ValueOrder found = {AlignedBuffer(static_cast<size_t>(p.depth())), 0};
  for (int64_t k = 0; k < p.depth(); k += kShuffled) {
    for (int64_t n = 0; n < p.n; ++n) {
      const int8_t* const from = p.weights + n * p.depth() + k;
      for (int64_t i = 0; i < kShuffled; ++i) columns.data<int8_t>()[i * channels + n] = from[i];
    }
    found.large +=
        FindPairs(FindPairCosts(columns.data<int8_t>(), channels), found.order.data<uint8_t>() + k);
  }
  return found;
}

}  // namespace
}  // namespace integra::kernels::avx2
