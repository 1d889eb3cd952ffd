#include "kernels/folded_stage.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace integra::kernels {
namespace {

constexpr int64_t kMostOffset = 4096;  // of n: the sums are packed to 16 bits before it goes

int64_t Modulo(int64_t a, int64_t m) {
  const int64_t rest = a % m;
  return rest < 0 ? rest + m : rest;
}

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
  const int64_t step = u % m;
  const auto less = [&](int64_t x) { return x < step ? x - step + m : x - step; };
  const auto more = [&](int64_t x) { return x + step < m ? x + step : x + step - m; };
  // (From both ends at once: each value waits for the one before.)
  int64_t first = Modulo(c - (lowest + 1) * u, m), last = Modulo(c - highest * u, m);
  int64_t smallest = m, greatest = 0;
  for (int64_t k = lowest; k < highest; k += 2) {
    smallest = std::min({smallest, first, last});
    greatest = std::max({greatest, first, last});
    first = less(first);
    last = more(last);
  }
  const int64_t low = -smallest, width = m - greatest + smallest;
  // What is missing from c + n * u + low to the next multiple of m, for n and -n.
  int64_t up = Modulo(-c - low, m), down = up;
  for (int64_t n = 0; n <= std::min(kMostOffset, (int64_t{1} << 61) / u); ++n) {
    for (const auto& [missing, offset] : {std::pair{up, n}, std::pair{down, -n}}) {
      if (missing >= width) continue;
      const int64_t d = (c + offset * u + low + missing) / m;
      if (std::abs(d) + largest >= (int64_t{1} << 31) - 1) return std::nullopt;
      return FoldedConstants{f.m, static_cast<int32_t>(d), static_cast<int32_t>(offset)};
    }
    up = less(up);
    down = more(down);
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

}  // namespace integra::kernels
