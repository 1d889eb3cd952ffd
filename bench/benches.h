// What integra_bench registers. Each function adds its benchmarks to Google Benchmark's list.
#pragma once

#include <benchmark/benchmark.h>

#include <filesystem>
#include <string>

#include "bench/clock.h"
#include "bench/multiply_peak.h"

namespace integra::bench {

// Matrix products with requantization (Integra's own kernels, oneDNN, the reference), and oneDNN's
// raw s32 product for comparison, over the files *_gemm.txt.
void RegisterGemm(const std::filesystem::path& shapes);
// The output stage alone, on tiles of sums that stay in the cache.
void RegisterRequantize();
// Single operators, through a session, over *_depthwise.txt, *_conv.txt and add.txt.
void RegisterOperators(const std::filesystem::path& shapes);
// A whole network in integer mode: loading it, running it.
void RegisterNetwork(const std::string& path);

// Counters "MAC/s" and "%peak" of all iterations: `macs` each, `seconds` together.
inline void CountMacs(benchmark::State& state, double macs, double seconds) {
  const double rate = macs * static_cast<double>(state.iterations()) / seconds;
  state.counters["MAC/s"] = rate;
  if (MultiplyPeak() > 0) state.counters["%peak"] = 100 * rate / MultiplyPeak();
}

}  // namespace integra::bench
