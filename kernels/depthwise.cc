#include "kernels/depthwise.h"

#include <algorithm>
#include <map>

namespace integra::kernels {

std::vector<int32_t> DepthwiseAddends(const DepthwiseProblem& p) {
  std::vector<int32_t> addends(static_cast<size_t>(p.channels));
  for (int64_t c = 0; c < p.channels; ++c) {
    int64_t sum = 0;
    for (int64_t t = 0; t < p.taps(); ++t) {
      sum += p.weights[t * p.channels + c] - p.weight_zero_point;
    }
    const int64_t bias = p.bias != nullptr ? p.bias[c] : 0;
    // Modulo 2^32; the true sum fits (graph::CheckAccumulators).
    addends[static_cast<size_t>(c)] =
        static_cast<int32_t>(static_cast<uint32_t>(bias - sum * p.src_zero_point));
  }
  return addends;
}

DepthwiseBlocks CutIntoBlocks(const DepthwiseProblem& p, int64_t block_bytes) {
  DepthwiseBlocks cut;
  cut.wraps = p.stride_x == 1;
  std::map<int64_t, int32_t> phase_of;  // first channel -> phase
  const auto add = [&](int64_t src, int64_t dst, int64_t channel, int64_t left) {
    const auto [found, is_new] = phase_of.emplace(channel, static_cast<int32_t>(cut.phases.size()));
    if (is_new) cut.phases.push_back(channel);
    cut.blocks.push_back({static_cast<int32_t>(src), static_cast<int32_t>(dst), found->second,
                          static_cast<int32_t>(std::min(block_bytes, left))});
  };
  if (cut.wraps) {
    const int64_t length = p.out_width * p.channels;
    for (int64_t i = 0; i < length; i += block_bytes) add(i, i, i % p.channels, length - i);
  } else {
    for (int64_t x = 0; x < p.out_width; ++x) {
      for (int64_t c = 0; c < p.channels; c += block_bytes) {
        add(x * p.stride_x * p.channels + c, x * p.channels + c, c, p.channels - c);
      }
    }
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
  if (isa >= Isa::kAvx512Vnni) return MakeAvx512VnniDepthwise(problem);
  if (isa >= Isa::kAvx2) return MakeAvx2Depthwise(problem);
#endif
  (void)isa;
  return MakePortableDepthwise(problem);
}

}  // namespace integra::kernels
