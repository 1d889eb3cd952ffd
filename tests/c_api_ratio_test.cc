// The C interface to dynamic ranges. Apart from c_api_test.cc, which needs integra::runtime alone.
#include <doctest/doctest.h>

#include <string_view>
#include <vector>

#include "graph/network_file.h"
#include "integra/integra.h"
#include "integra/integra.hpp"
#include "integra/quantize.hpp"
#include "tests/support/c_api_misuse.h"
#include "tests/support/quantizer_networks.h"
#include "tests/support/temporary_folder.h"

namespace integra::test {
namespace {

TEST_CASE("C interface: the ratio of a dynamic range is that of the C++ interface") {
  TemporaryFolder folder;
  RandomSamples samples(4, -1, 1), larger(1, -2, 2);
  const auto recipe = quantize::ParseRecipe("recipe", R"({"activations": {"range": "dynamic"}})");
  const Network quantized = quantize::Quantize(SmallNetwork().Done(), samples, recipe);
  graph::SaveNetwork(quantized.graph(), folder.path());
  integra_network* network = nullptr;
  integra_session* session = nullptr;
  REQUIRE(integra_network_load(folder.path().c_str(), &network) == INTEGRA_OK);
  REQUIRE(integra_session_create(network, nullptr, &session) == INTEGRA_OK);
  std::vector<std::byte> image(72), scores(5);
  const std::span<std::byte> buffers[] = {image};
  larger.Read(0, quantized.inputs(), buffers);
  const integra_const_buffer input = {image.data(), image.size()};
  const integra_buffer output = {scores.data(), scores.size()};
  REQUIRE(integra_session_run(session, &input, 1, &output, 1) == INTEGRA_OK);

  Session expected(quantized);
  const std::span<const std::byte> inputs[] = {image};
  const std::span<std::byte> outputs[] = {scores};
  expected.Run(inputs, outputs);
  int32_t multiplier = 0, shift = 0;
  for (const char* name : {"conv", "depthwise", "flat", "dense"}) {
    CAPTURE(name);
    CHECK(integra_session_read_ratio(session, name, &multiplier, &shift) == INTEGRA_OK);
    CHECK(multiplier == expected.ReadRatio(name).multiplier);
    CHECK(shift == expected.ReadRatio(name).shift);
    const bool found = std::string_view(name) != "dense";  // the output's range is static
    CHECK((multiplier != 1 << 30 || shift != -1) == found);
  }
  CHECK_MISUSE(integra_session_read_ratio(session, "nothing", &multiplier, &shift), "nothing");
  CHECK_MISUSE(integra_session_read_ratio(session, nullptr, &multiplier, &shift), "name is null");
  CHECK_MISUSE(integra_session_read_ratio(session, "conv", nullptr, &shift), "multiplier is null");
  CHECK_MISUSE(integra_session_read_ratio(session, "conv", &multiplier, nullptr), "shift is null");
  CHECK_MISUSE(integra_session_read_ratio(nullptr, "conv", &multiplier, &shift), "session");
  integra_session_free(session);
  integra_network_free(network);
}

}  // namespace
}  // namespace integra::test
