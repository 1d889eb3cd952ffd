// integra_bench: see README.md in this folder.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "bench/benches.h"
#include "integra/error.hpp"
#include "integra/version.hpp"
#include "kernels/isa.h"
#include "kernels/onednn/matmul.h"

namespace {

// The value of "--flag=value", or false.
bool TakeFlag(std::string_view argument, std::string_view flag, std::string* value) {
  if (!argument.starts_with(flag) || argument.size() <= flag.size() ||
      argument[flag.size()] != '=') {
    return false;
  }
  *value = argument.substr(flag.size() + 1);
  return true;
}

int Main(int argc, char** argv) {
  std::string shapes = INTEGRA_BENCH_SHAPES, value;
  std::vector<std::string> networks;
  std::vector<char*> others = {argv[0]};
  for (int i = 1; i < argc; ++i) {
    if (TakeFlag(argv[i], "--network", &value)) {
      networks.push_back(value);
    } else if (!TakeFlag(argv[i], "--shapes", &shapes)) {
      others.push_back(argv[i]);
    }
  }
  int count = static_cast<int>(others.size());
  benchmark::Initialize(&count, others.data());
  if (benchmark::ReportUnrecognizedArguments(count, others.data())) return 2;

  namespace bench = integra::bench;
  benchmark::AddCustomContext("integra", integra::Version());
  benchmark::AddCustomContext("isa", integra::kernels::NameOf(integra::kernels::DefaultIsa()));
  benchmark::AddCustomContext("onednn", integra::kernels::onednn::Version());
  benchmark::AddCustomContext("multiply_peak_gmacs", std::to_string(bench::MultiplyPeak() * 1e-9));
  bench::RegisterGemm(shapes);
  bench::RegisterRequantize();
  bench::RegisterOperators(shapes);
  for (const std::string& network : networks) bench::RegisterNetwork(network);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Main(argc, argv);
  } catch (const integra::Error& error) {
    std::fprintf(stderr, "integra_bench: %s\n", error.what());
    return static_cast<int>(error.code());
  }
}
