// Mode float on real float networks, against what LiteRT's reference kernels gave for them.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "integra/float_session.hpp"
#include "tests/support/golden.h"
#include "tests/support/golden_source.h"

namespace integra::test {
namespace {

// Sums of floats depend on their order, so that bits cannot be asked for. The tolerance is about
// what LiteRT's own optimized kernels differ from its reference kernels on the same inputs.
struct FloatNetwork {
  const char* name;
  const char* sibling;  // whose golden inputs it got, as real values
  double tolerance;     // of |difference| / max(1, |expected|)
};

constexpr FloatNetwork kNetworks[] = {
    {"ad01_fp32", "ad01_int8", 1e-3},
    {"pretrainedResnet", "pretrainedResnet_quant", 5e-6},
    {"vww_96_float", "vww_96_int8", 5e-6},
    // Its convolutions have int8 weights. LiteRT rounds their float inputs to 8 bits as it runs;
    // mode float does not round activations. LiteRT's XNNPACK differs from its reference by 0.23.
    {"kws_ref_model_float32", "kws_ref_model", 0.25},
};

// The largest difference over all samples.
double LargestDifference(FloatSession& session, DataSource& data, const Array& expected) {
  std::vector<std::byte> input(static_cast<size_t>(ElementCount(session.inputs()[0].shape)) * 4);
  std::vector<std::byte> output(static_cast<size_t>(ElementCount(session.outputs()[0].shape)) * 4);
  const std::span<std::byte> in[] = {input};
  const std::span<const std::byte> fed[] = {input};
  const std::span<std::byte> out[] = {output};
  double largest = 0;
  for (int64_t i = 0; i < data.size(); ++i) {
    data.Read(i, session.inputs(), in);
    session.Run(fed, out);
    const std::span<const std::byte> sample = expected.slices(i);
    REQUIRE(sample.size() == output.size());
    for (size_t k = 0; k < output.size(); k += 4) {
      float x, y;
      std::memcpy(&x, sample.data() + k, 4);
      std::memcpy(&y, output.data() + k, 4);
      largest = std::max(largest, std::abs(double{x} - y) / std::max(1.0, std::abs(double{x})));
    }
  }
  return largest;
}

TEST_CASE("float networks: mode float gives LiteRT's results up to the order of sums") {
  const auto data = GoldenFolder();
  if (!data) return;
  for (const FloatNetwork& network : kNetworks) {
    CAPTURE(std::string(network.name));
    const GoldenNetwork sibling = LoadGolden(*data, network.sibling);
    const GoldenNetwork golden = LoadGolden(*data, network.name);
    GoldenSource source(sibling, Import(sibling.model).inputs());
    FloatSession session(Import(golden.model), {.threads = 2});
    const double difference = LargestDifference(session, source, golden.outputs[0]);
    MESSAGE(std::string(network.name), ": ", source.size(), " samples, differs by at most ",
            difference);
    CHECK(difference <= network.tolerance);
  }
}

}  // namespace
}  // namespace integra::test
