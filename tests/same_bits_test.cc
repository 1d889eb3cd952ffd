// Integer mode gives the same bits on every instruction set, with every kernel, any number of
// threads, any batch, every time.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "base/error.h"
#include "integra/integra.hpp"
#include "kernels/isa.h"
#include "kernels/onednn/matmul.h"
#include "tests/support/golden.h"
#include "tests/support/golden_source.h"
#include "tests/support/networks.h"

namespace integra::test {
namespace {

constexpr int64_t kSamples = 3;

// Small networks: convolutions of all kinds, int8 per channel and uint8 with zero points of
// weights, dense layers, tables, an LSTM.
constexpr double kMostMillionMacs = 20;

// All outputs of the first kSamples samples, one after the other by output.
std::vector<std::byte> Run(Session& session, const GoldenNetwork& golden, int64_t batch) {
  std::vector<std::vector<std::byte>> outputs(session.outputs().size());
  for (int64_t first = 0; first < kSamples; first += batch) {
    std::vector<std::span<const std::byte>> in;
    for (const Array& input : golden.inputs) in.push_back(input.slices(first, batch));
    std::vector<std::span<std::byte>> out;
    for (size_t i = 0; i < outputs.size(); ++i) {
      const TensorInfo& info = session.outputs()[i];
      const size_t bytes = static_cast<size_t>(ElementCount(info.shape)) * SizeOf(info.dtype);
      outputs[i].resize(outputs[i].size() + bytes);
      out.push_back(std::span(outputs[i]).last(bytes));
    }
    session.Run(in, out);
  }
  std::vector<std::byte> all;
  for (const auto& output : outputs) all.insert(all.end(), output.begin(), output.end());
  return all;
}

struct Subject {
  Network network;
  GoldenNetwork golden;
};

// Networks that need no golden data, with random inputs.
std::vector<Subject> SyntheticSubjects() {
  std::vector<Subject> subjects;
  std::mt19937 random(1);
  for (const Network& network :
       {Network(ConvolutionNetwork()), Network::Load(INTEGRA_SOURCE_DIR "/models/digits")}) {
    GoldenNetwork inputs;
    for (const TensorInfo& info : network.inputs()) {
      Array array{info.dtype, info.shape, {}};
      array.shape[0] *= kSamples;
      array.bytes.resize(static_cast<size_t>(ElementCount(array.shape)) * SizeOf(info.dtype));
      for (std::byte& byte : array.bytes) byte = static_cast<std::byte>(random());
      inputs.inputs.push_back(std::move(array));
    }
    subjects.push_back({network, std::move(inputs)});
  }
  return subjects;
}

std::vector<std::string> IsaNames() {
  std::vector<std::string> names;
  for (int i = 0; i <= static_cast<int>(kernels::DetectIsa()); ++i) {
    names.emplace_back(kernels::NameOf(static_cast<kernels::Isa>(i)));
  }
  return names;
}

TEST_CASE("same bits: instruction sets, kernels, threads, batches, repeats") {
  const auto data = GoldenFolder();
  if (!data) return;
  int64_t runs = 0;
  for (const std::string& name : IntegerGoldenNames(kMostMillionMacs)) {
    CAPTURE(name);
    const GoldenNetwork golden = LoadGolden(*data, name);
    const Network network = Import(golden.model);
    Session plain(network, {.max_isa = "portable", .gemm = "reference"});
    const std::vector<std::byte> expected = Run(plain, golden, 1);
    for (const std::string& isa : IsaNames()) {
      for (const std::string gemm : {"", "onednn", "own", "reference"}) {
        for (const int threads : {1, 2, 3}) {
          for (const int64_t batch : {int64_t{1}, kSamples}) {
            // The reference takes long; what it shares with the others is seen with those.
            if (gemm == "reference" && (threads == 2 || batch == 1)) continue;
            CAPTURE(isa);
            CAPTURE(gemm);
            CAPTURE(threads);
            CAPTURE(batch);
            Session session(network,
                            {.threads = threads, .batch = batch, .max_isa = isa, .gemm = gemm});
            for (int repeat = 0; repeat < 2; ++repeat, ++runs) {
              CAPTURE(repeat);
              CHECK(std::ranges::equal(Run(session, golden, batch), expected));
            }
          }
        }
      }
    }
  }
  MESSAGE(runs, " runs over ", kSamples, " samples gave the same bits");
}

// Run by ctest in processes of their own, each with INTEGRA_MAX_ISA and ONEDNN_MAX_CPU_ISA set
// (tests/CMakeLists.txt): oneDNN reads its cap once. What is compared with depends on no processor.
TEST_CASE("same bits: capped by the environment, with oneDNN" * doctest::skip()) {
  const kernels::Isa used = kernels::DefaultIsa();
  const char* const asked = std::getenv("INTEGRA_MAX_ISA");
  const auto& products = kernels::onednn::RunSelfTest();
  MESSAGE(StrCat("asked for ", asked != nullptr ? asked : "anything", ", this processor gives ",
                 kernels::NameOf(used), "; oneDNN ", kernels::onednn::Version(),
                 products.exact ? " is exact: " : " is not exact and not used: ", products.detail));
  kernels::Isa cap = kernels::Isa::kAvx512Vnni;
  if (asked != nullptr) REQUIRE(kernels::ParseIsa(asked, &cap));
  CHECK(used == std::min(cap, kernels::DetectIsa()));

  std::vector<Subject> subjects = SyntheticSubjects();
  if (const auto data = GoldenFolder()) {
    for (const std::string& name : IntegerGoldenNames(kMostMillionMacs)) {
      GoldenNetwork golden = LoadGolden(*data, name);
      subjects.push_back({Import(golden.model), std::move(golden)});
    }
  }
  int64_t runs = 0;
  for (const Subject& subject : subjects) {
    CAPTURE(subject.network.name());
    Session plain(subject.network, {.max_isa = "portable", .gemm = "reference"});
    const std::vector<std::byte> expected = Run(plain, subject.golden, 1);
    for (const std::string gemm : {"", "onednn"}) {
      for (const int threads : {1, 2, 3}) {
        for (const int64_t batch : {int64_t{1}, kSamples}) {
          CAPTURE(gemm);
          CAPTURE(threads);
          CAPTURE(batch);
          Session session(subject.network, {.threads = threads, .batch = batch, .gemm = gemm});
          for (int repeat = 0; repeat < 2; ++repeat, ++runs) {
            CHECK(std::ranges::equal(Run(session, subject.golden, batch), expected));
          }
        }
      }
    }
  }
  MESSAGE(runs, " runs over ", kSamples, " samples gave the same bits");
}

}  // namespace
}  // namespace integra::test
