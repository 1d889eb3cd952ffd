#include <algorithm>
#include <random>
#include <vector>

#include "base/buffer.h"
#include "base/error.h"
#include "bench/benches.h"
#include "kernels/requantize.h"

namespace integra::bench {
namespace {

constexpr int64_t kRows = 64;  // with kChannels: sums of 64 KiB
constexpr int64_t kChannels = 256;
constexpr int64_t kLargestSum = 1 << 19;

enum class Stage { kSingle, kDouble, kDoubleRelu };

void RunRequantize(benchmark::State& state, kernels::Isa isa, Stage kind) {
  std::mt19937 random(1);
  kernels::OutputStage stage;
  stage.rounding = kind == Stage::kSingle ? Rounding::kSingle : Rounding::kDouble;
  stage.zero_point = 100;
  stage.min = kind == Stage::kDoubleRelu ? 100 : 0;
  for (int64_t i = 0; i < kChannels; ++i) {
    stage.multipliers.push_back({static_cast<int32_t>((1u << 30) + (random() >> 2)), 9});
  }
  const std::vector<int32_t> addends(kChannels, 1000);
  const kernels::VectorOutputStage vector_stage(stage, addends, kernels::PlainOrder(kChannels, 16),
                                                kLargestSum);
  const AlignedBuffer sums(kRows * kChannels * sizeof(int32_t));
  const AlignedBuffer dst(kRows * kChannels);
  std::generate_n(sums.data<int32_t>(), kRows * kChannels,
                  [&] { return static_cast<int32_t>((random() >> 12) - kLargestSum); });
  const kernels::RequantizeFunction requantize = kernels::ChooseRequantize(isa);
  for (auto _ : state) {
    requantize(vector_stage, 0, sums.data<int32_t>(), kChannels, kRows, kChannels, nullptr,
               dst.data<uint8_t>(), kChannels);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * kRows * kChannels);
}

}  // namespace

void RegisterRequantize() {
  for (const kernels::Isa isa : {kernels::Isa::kPortable, kernels::Isa::kSse41, kernels::Isa::kAvx2,
                                 kernels::Isa::kAvx512}) {
    if (isa > kernels::DefaultIsa()) continue;
    for (const auto& [name, stage] :
         {std::pair("single", Stage::kSingle), std::pair("double", Stage::kDouble),
          std::pair("double_relu", Stage::kDoubleRelu)}) {
      benchmark::RegisterBenchmark(StrCat("requantize/", kernels::NameOf(isa), "/", name,
                                          "/rows:", kRows, "/channels:", kChannels)
                                       .c_str(),
                                   RunRequantize, isa, stage);
    }
  }
}

}  // namespace integra::bench
