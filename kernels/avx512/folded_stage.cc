#include "kernels/avx512/folded_stage.h"

#include <immintrin.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <utility>

namespace integra::kernels::avx512 {
namespace {

constexpr int64_t kMostOffset = 4096;  // of n: the sums are packed to 16 bits before it goes

int64_t Modulo(int64_t a, int64_t m) {
  const int64_t rest = a % m;
  return rest < 0 ? rest + m : rest;
}

// The values x, x - step, x - 2 * step ... modulo m < 2^31, 16 at a time: hundreds of them are
// looked at for each channel of a network that is loaded.
class Walk {
 public:
  static constexpr int kLanes = 16;

  Walk(int64_t x, int64_t step, int64_t m)
      : lanes_(_mm512_set1_epi32(static_cast<int>(x))), m_(_mm512_set1_epi32(static_cast<int>(m))) {
    // Lane i less i steps: those of its lowest bit, of the next one ...
    step_ = _mm512_set1_epi32(static_cast<int>(step));
    for (const int bit : {0xAAAA, 0xCCCC, 0xF0F0, 0xFF00}) {
      lanes_ = Less(static_cast<__mmask16>(bit));
      step = 2 * step < m ? 2 * step : 2 * step - m;
      step_ = _mm512_set1_epi32(static_cast<int>(step));
    }
  }

  void Advance() { lanes_ = Less(0xFFFF); }
  __m512i lanes() const { return lanes_; }

 private:
  // Less a step, where in `mask`.
  __m512i Less(__mmask16 mask) const {
    // A negative difference wraps around, and is the greater one of the two.
    const __m512i less = _mm512_mask_sub_epi32(lanes_, mask, lanes_, step_);
    return _mm512_min_epu32(less, _mm512_add_epi32(less, m_));
  }

  __m512i lanes_, step_ = {}, m_;  // step_: of kLanes values
};

}  // namespace

std::optional<FoldedConstants> FoldConstants(Multiplier f, const OutputStage& stage,
                                             int64_t largest) {
  const int64_t m = f.m;
  if (m < 0 || (m > 0 && f.s < 1) || largest >= (int64_t{1} << 31) - 1) return std::nullopt;
  if (m == 0) return FoldedConstants{};
  const bool twice = stage.rounding == Rounding::kDouble;
  const int64_t u = int64_t{1} << (31 + f.s);
  const int64_t c = (int64_t{1} << (30 + f.s)) + (twice ? int64_t{1} << 30 : 0);
  const auto value = [&](int64_t a) { return (a * m + c) >> (31 + f.s); };
  // The steps that sums reach, from a result of k - 1 to one of k, are at k in (lowest, highest].
  const int64_t least = stage.min - stage.zero_point, most = stage.max - stage.zero_point;
  const int64_t lowest = std::max(value(-largest - 1), least);
  const int64_t highest = std::min(value(largest + 1), most);
  if (lowest >= highest) {
    return FoldedConstants{0, 0, -static_cast<int32_t>(Clamp(value(0), least, most))};
  }
  // The first a with a result of k has a * m + c above k * u by less than m. What is added to c
  // must leave that so for every k: it is at least `low`, and below `low` + `width`.
  // (Up to 15 steps past the last one are looked at as well; the interval may be smaller for it.)
  const int64_t step = u % m;
  __m512i least_above = _mm512_set1_epi32(-1), most_above = _mm512_setzero_si512();
  Walk above(Modulo(c - (lowest + 1) * u, m), step, m);
  for (int64_t k = lowest; k < highest; k += Walk::kLanes, above.Advance()) {
    least_above = _mm512_min_epu32(least_above, above.lanes());
    most_above = _mm512_max_epu32(most_above, above.lanes());
  }
  const int64_t smallest = _mm512_reduce_min_epu32(least_above);
  const int64_t greatest = _mm512_reduce_max_epu32(most_above);
  const int64_t low = -smallest, width = m - greatest + smallest;

  // What is missing from c + n * u + low to the next multiple of m, for n and -n.
  const int64_t missing = Modulo(-c - low, m);
  Walk up(missing, step, m), down(missing, step > 0 ? m - step : 0, m);
  const int64_t most_offset = std::min(kMostOffset, (int64_t{1} << 61) / u);
  const __m512i limit = _mm512_set1_epi32(static_cast<int>(width));
  for (int64_t n = 0; n <= most_offset; n += Walk::kLanes, up.Advance(), down.Advance()) {
    const __mmask16 above_c = _mm512_cmplt_epu32_mask(up.lanes(), limit);
    const __mmask16 below_c = _mm512_cmplt_epu32_mask(down.lanes(), limit);
    if ((above_c | below_c) == 0) continue;
    const int lane = std::countr_zero(static_cast<unsigned>(above_c | below_c));
    const bool is_above = (above_c >> lane & 1) != 0;
    alignas(64) uint32_t rest[Walk::kLanes];
    _mm512_store_si512(rest, is_above ? up.lanes() : down.lanes());
    const int64_t offset = is_above ? n + lane : -n - lane;
    const int64_t d = (c + offset * u + low + rest[lane]) / m;
    if (n + lane > most_offset || std::abs(d) + largest >= (int64_t{1} << 31) - 1) break;
    return FoldedConstants{f.m, static_cast<int32_t>(d), static_cast<int32_t>(offset)};
  }
  return std::nullopt;
}

FoldedStage::FoldedStage() = default;
FoldedStage::FoldedStage(FoldedStage&&) noexcept = default;
FoldedStage& FoldedStage::operator=(FoldedStage&&) noexcept = default;
FoldedStage::~FoldedStage() = default;

FoldedStage::FoldedStage(const OutputStage& stage, const std::vector<int32_t>& addends,
                         const std::vector<int64_t>& order, int64_t largest_sum) {
  if (stage.rounding == Rounding::kDouble && stage.min < stage.zero_point) return;
  std::vector<FoldedConstants> folded;
  for (size_t channel = 0; channel < addends.size(); ++channel) {
    const auto constants = FoldConstants(stage.multiplier(static_cast<int64_t>(channel)), stage,
                                         largest_sum + std::abs(int64_t{addends[channel]}));
    if (!constants) return;
    folded.push_back(*constants);
  }
  AlignedBuffer blocks(order.size() / 64 * sizeof(Block));
  for (size_t i = 0; i < order.size(); ++i) {
    if (order[i] < 0) continue;
    const auto channel = static_cast<size_t>(order[i]);
    const FoldedConstants& f = folded[channel];
    Block& block = blocks.data<Block>()[i / 64];
    Block::Vector& vector = block.vectors[i % 64 / 16];
    const auto joined =
        static_cast<size_t>(VectorOutputStage::Shuffled(static_cast<int64_t>(i % 16)));
    vector.m[i % 2][i % 16 / 2] = f.m;
    vector.start[i % 16] =
        static_cast<int32_t>(static_cast<uint32_t>(addends[channel]) + static_cast<uint32_t>(f.d));
    vector.shift[joined] = f.m == 0 ? 0 : stage.multiplier(order[i]).s - 1;
    block.offset[i % 64 / 32][joined / 4 * 8 + i % 32 / 16 * 4 + joined % 4] =
        static_cast<int16_t>(stage.zero_point - f.n);
  }
  blocks_ = std::move(blocks);
}

}  // namespace integra::kernels::avx512
