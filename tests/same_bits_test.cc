// Integer mode gives the same bits on every instruction set, with every kernel, any number of
// threads, any batch, every time.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "integra/integra.hpp"
#include "kernels/isa.h"
#include "tests/support/golden.h"
#include "tests/support/golden_source.h"

namespace integra::test {
namespace {

constexpr int64_t kSamples = 3;

// Small ones: convolutions of all kinds, int8 per channel and uint8 with zero points of weights,
// dense layers, tables, an LSTM.
constexpr const char* kNetworks[] = {
    "ad01_int8",        "keras_lstm_mnist_ptq",        "kws_ref_model",
    "vww_96_int8",      "pretrainedResnet_quant",      "split_concat",
    "str_ww_ref_model", "mobilenet_v1_0.25_128_quant",
};

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
  for (const std::string name : kNetworks) {
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

}  // namespace
}  // namespace integra::test
