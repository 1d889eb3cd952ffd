#include <chrono>
#include <random>
#include <vector>

#include "base/error.h"
#include "bench/benches.h"
#include "integra/integra.hpp"

namespace integra::bench {
namespace {

void RunNetwork(benchmark::State& state, const std::string& path) {
  const Network network = Network::Load(path);
  const auto threads = static_cast<int>(state.range(0));
  Session session(network, {.threads = threads});
  std::mt19937 random(1);
  std::vector<std::vector<std::byte>> in, out;
  for (const TensorInfo& info : session.inputs()) {
    in.emplace_back(static_cast<size_t>(ElementCount(info.shape)) * SizeOf(info.dtype));
    for (std::byte& byte : in.back()) byte = static_cast<std::byte>(random());
  }
  for (const TensorInfo& info : session.outputs()) {
    out.emplace_back(static_cast<size_t>(ElementCount(info.shape)) * SizeOf(info.dtype));
  }
  const std::vector<std::span<const std::byte>> inputs(in.begin(), in.end());
  const std::vector<std::span<std::byte>> outputs(out.begin(), out.end());

  double macs = 0;
  for (const NodeProfile& node : session.Profile()) {
    macs += static_cast<double>(node.multiply_accumulates);
  }
  const auto begin = std::chrono::steady_clock::now();
  for (auto _ : state) session.Run(inputs, outputs);
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
  CountMacs(state, macs, time.count());
}

}  // namespace

void RegisterNetwork(const std::string& path) {
  benchmark::RegisterBenchmark(("network/" + path).c_str(), RunNetwork, path)
      ->ArgName("threads")
      ->Arg(1)
      ->Arg(2)
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}

}  // namespace integra::bench
