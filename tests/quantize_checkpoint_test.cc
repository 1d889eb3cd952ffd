// A calibration that was stopped and goes on gives the bytes of one that was not.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "graph/graph.h"
#include "integra/error.hpp"
#include "integra/tools.hpp"
#include "tests/support/quantizer_networks.h"
#include "tests/support/temporary_folder.h"

namespace integra::quantize {
namespace {

using test::RandomSamples;
using test::SmallNetwork;

// Fails at sample `stop`, as a program does that is killed there.
class Interrupted : public RandomSamples {
 public:
  Interrupted(int64_t count, int64_t stop) : RandomSamples(count, -1, 1), stop_(stop) {}
  void Read(int64_t i, const std::vector<TensorInfo>& inputs,
            std::span<const std::span<std::byte>> buffers) override {
    if (i >= stop_) throw std::runtime_error("killed");
    ++read;
    RandomSamples::Read(i, inputs, buffers);
  }
  int64_t read = 0;

 private:
  const int64_t stop_;
};

bool SameBytes(const Network& a, const Network& b) {
  if (a.graph().tensors.size() != b.graph().tensors.size()) return false;
  for (size_t i = 0; i < a.graph().tensors.size(); ++i) {
    const graph::Tensor &x = a.graph().tensors[i], &y = b.graph().tensors[i];
    if (x.data.size() != y.data.size() || !(x.quantization == y.quantization)) return false;
    if (!std::equal(x.data.as<uint8_t>(), x.data.as<uint8_t>() + x.data.size(),
                    y.data.as<uint8_t>())) {
      return false;
    }
  }
  return true;
}

TEST_CASE("checkpoint: stopped at any place and resumed, the result has the same bytes") {
  const Network original = SmallNetwork().Done();
  constexpr int64_t kSamples = 50;
  for (
      const char* json :
      {"{}", R"({"activations": {"range": "moving_average"}})",
       R"({"equalize": true, "weights": {"granularity": "per_tensor", "rounding": "adaround"}})"}) {
    CAPTURE(json);
    const Recipe recipe = ParseRecipe("r", json);
    RandomSamples all(kSamples, -1, 1);
    const Network whole = Quantize(original, all, recipe);
    for (const int64_t stop : {3, 20, 49}) {
      const test::TemporaryFolder folder;
      Options options;
      options.checkpoint = folder.path() / "state";
      options.checkpoint_seconds = 0;
      Interrupted first(kSamples, stop);
      CHECK_THROWS_AS(Quantize(original, first, recipe, options), std::runtime_error);
      Interrupted rest(kSamples, kSamples);
      options.threads = 2;  // may change in between
      CHECK(SameBytes(whole, Quantize(original, rest, recipe, options)));
      const int64_t passes = recipe.equalize ? 2 : 1;
      CHECK(rest.read == passes * kSamples - stop / 8 * 8);  // blocks of 8 are kept
      Interrupted none(kSamples, 0);
      CHECK(SameBytes(whole, Quantize(original, none, recipe, options)));  // all is known by now
    }
  }
}

TEST_CASE("checkpoint: one that belongs to something else is refused") {
  const Network original = SmallNetwork().Done();
  const test::TemporaryFolder folder;
  Options options;
  options.checkpoint = folder.path() / "state";
  RandomSamples samples(20, -1, 1);
  Quantize(original, samples, {}, options);
  const auto refused = [&](const Network& network, DataSource& data, const Recipe& recipe) {
    try {
      Quantize(network, data, recipe, options);
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::kInvalidFile);
      CHECK(std::string(error.what()).find("state") != std::string::npos);
      return true;
    }
    return false;
  };
  SUBCASE("another number of samples") {
    RandomSamples more(21, -1, 1);
    CHECK(refused(original, more, {}));
  }
  SUBCASE("another network") {
    test::Builder other = SmallNetwork();
    graph::Tensor& w = other.graph().tensor(other.graph().Find("conv/w").value());
    std::vector<float> values(w.data.as<float>(), w.data.as<float>() + 144);
    values[5] += 1;
    w.data = SharedBytes::Own(std::move(values));
    CHECK(refused(other.Done(), samples, {}));
  }
  SUBCASE("a recipe that has to know more") {
    CHECK(refused(original, samples, ParseRecipe("r", R"({"weights": {"rounding": "adaround"}})")));
  }
  SUBCASE("another momentum") {
    CHECK(refused(original, samples, ParseRecipe("r", R"({"activations": {"momentum": 0.5}})")));
  }
  SUBCASE("ranges that need less, or more") {
    CHECK(refused(original, samples, ParseRecipe("r", R"({"activations": {"range": "minmax"}})")));
  }
  SUBCASE("damaged") {
    std::filesystem::resize_file(options.checkpoint,
                                 std::filesystem::file_size(options.checkpoint) / 2);
    CHECK(refused(original, samples, {}));
  }
}

}  // namespace
}  // namespace integra::quantize
