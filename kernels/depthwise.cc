#include "kernels/depthwise.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <utility>

namespace integra::kernels {

namespace {

struct DepthwiseSums {
  std::vector<int32_t> addends;
  int64_t largest = 0;
};

// What DepthwiseAddends and LargestSum say. Taps outside, so that loops become vectors.
DepthwiseSums FindSums(const DepthwiseProblem& p) {
  const auto channels = static_cast<size_t>(p.channels);
  // Both fit (graph::CheckAccumulators).
  std::vector<int32_t> sums(channels), magnitudes(channels);
  for (int64_t t = 0; t < p.taps(); ++t) {
    const int8_t* const weights = p.weights + t * p.channels;
    for (size_t c = 0; c < channels; ++c) {
      const int32_t w = weights[c] - p.weight_zero_point;
      sums[c] += w;
      magnitudes[c] += std::abs(w);
    }
  }
  DepthwiseSums found;
  found.addends.reserve(channels);
  for (size_t c = 0; c < channels; ++c) {
    const int64_t bias = p.bias != nullptr ? p.bias[c] : 0;
    // Modulo 2^32; the true sum fits, too.
    found.addends.push_back(
        static_cast<int32_t>(static_cast<uint32_t>(bias - int64_t{sums[c]} * p.src_zero_point)));
    found.largest = std::max<int64_t>(found.largest, magnitudes[c]);
  }
  found.largest *= 255;
  return found;
}

}  // namespace

std::vector<int32_t> DepthwiseAddends(const DepthwiseProblem& problem) {
  return FindSums(problem).addends;
}
int64_t LargestSum(const DepthwiseProblem& problem) { return FindSums(problem).largest; }

VectorOutputStage DepthwiseStage(const DepthwiseProblem& problem, std::vector<int64_t> order,
                                 VectorOutputStage::Join join) {
  DepthwiseSums sums = FindSums(problem);
  return {problem.stage, std::move(sums.addends), std::move(order), sums.largest, join};
}

DepthwiseBlocks CutIntoBlocks(const DepthwiseProblem& p, int64_t block_bytes) {
  // Every phase has its own copy of the weights, up to one phase per channel.
  constexpr int64_t kManyChannels = 8;  // blocks
  DepthwiseBlocks cut;
  cut.wraps = p.channels < kManyChannels * block_bytes;
  std::map<int64_t, int32_t> phase_of;  // first channel -> phase
  const int64_t length = p.out_width * p.channels;
  for (int64_t i = 0; i < length;) {
    const int64_t channel = i % p.channels;
    const int64_t valid = std::min(block_bytes, cut.wraps ? length - i : p.channels - channel);
    const auto [found, is_new] = phase_of.emplace(channel, static_cast<int32_t>(cut.phases.size()));
    if (is_new) cut.phases.push_back(channel);
    cut.blocks.push_back({static_cast<int32_t>(i), found->second, static_cast<int32_t>(valid)});
    i += valid;
  }
  return cut;
}

int64_t ChannelAt(const DepthwiseBlocks& cut, const DepthwiseProblem& p, int64_t phase, int64_t i) {
  const int64_t channel = cut.phases[static_cast<size_t>(phase)] + i;
  if (cut.wraps) return channel % p.channels;
  return channel < p.channels ? channel : -1;
}

std::unique_ptr<const Depthwise> MakeDepthwise(const DepthwiseProblem& problem, Isa isa) {
#ifdef INTEGRA_X86
  if (isa >= Isa::kAvx512Vnni) {
    if (auto made = MakeAvx512VnniDepthwise(problem)) return made;
  }
  if (isa == Isa::kAvx2Vnni) {
    if (auto made = MakeVnni256Depthwise(problem)) return made;
  }
  if (isa >= Isa::kAvx2) return MakeAvx2Depthwise(problem);
  if (isa >= Isa::kSse41) return MakeSse41Depthwise(problem);
#endif
  (void)isa;
  return MakePortableDepthwise(problem);
}

}  // namespace integra::kernels
