#include <chrono>
#include <random>
#include <vector>

#include "base/error.h"
#include "bench/benches.h"
#include "integra/integra.hpp"

namespace integra::bench {
namespace {

// A session with buffers of random input.
struct Running {
  Running(const Network& network, int threads) : session(network, {.threads = threads}) {
    std::mt19937 random(1);
    for (const TensorInfo& info : session.inputs()) {
      in.emplace_back(static_cast<size_t>(ElementCount(info.shape)) * SizeOf(info.dtype));
      for (std::byte& byte : in.back()) byte = static_cast<std::byte>(random());
    }
    for (const TensorInfo& info : session.outputs()) {
      out.emplace_back(static_cast<size_t>(ElementCount(info.shape)) * SizeOf(info.dtype));
    }
    inputs.assign(in.begin(), in.end());
    outputs.assign(out.begin(), out.end());
  }

  void Run() { session.Run(inputs, outputs); }

  Session session;
  std::vector<std::vector<std::byte>> in, out;
  std::vector<std::span<const std::byte>> inputs;
  std::vector<std::span<std::byte>> outputs;
};

// From the file to the end of the first inference.
void LoadNetwork(benchmark::State& state, const std::string& path) {
  for (auto _ : state) Running(Network::Load(path), 1).Run();
}

void RunNetwork(benchmark::State& state, const std::string& path) {
  const Network network = Network::Load(path);
  Running running(network, static_cast<int>(state.range(0)));

  double macs = 0;
  for (const NodeProfile& node : running.session.Profile()) {
    macs += static_cast<double>(node.multiply_accumulates);
  }
  const auto begin = std::chrono::steady_clock::now();
  for (auto _ : state) running.Run();
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
  CountMacs(state, macs, time.count());
}

}  // namespace

void RegisterNetwork(const std::string& path) {
  benchmark::RegisterBenchmark(("load/" + path).c_str(), LoadNetwork, path)
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
  benchmark::RegisterBenchmark(("network/" + path).c_str(), RunNetwork, path)
      ->ArgName("threads")
      ->Arg(1)
      ->Arg(2)
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}

}  // namespace integra::bench
