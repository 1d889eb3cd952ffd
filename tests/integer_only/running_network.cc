#include "tests/integer_only/running_network.h"

#include <filesystem>
#include <random>

#include "integra/import.hpp"
#include "tests/support/golden.h"
#include "tests/support/networks.h"

namespace integra::test {
namespace {

std::vector<std::vector<std::byte>> BuffersFor(const std::vector<TensorInfo>& tensors) {
  std::mt19937 random(1);
  std::vector<std::vector<std::byte>> buffers;
  for (const TensorInfo& info : tensors) {
    buffers.emplace_back(static_cast<size_t>(ElementCount(info.shape)) * SizeOf(info.dtype));
    for (std::byte& byte : buffers.back()) byte = static_cast<std::byte>(random());
  }
  return buffers;
}

}  // namespace

RunningNetwork::RunningNetwork(const Network& network, const SessionOptions& options)
    : session_(network, options),
      in_(BuffersFor(session_.inputs())),
      out_(BuffersFor(session_.outputs())),
      inputs_(in_.begin(), in_.end()),
      outputs_(out_.begin(), out_.end()) {}

uint64_t RunningNetwork::multiply_accumulates() const {
  uint64_t sum = 0;
  for (const NodeProfile& node : session_.Profile()) sum += node.multiply_accumulates;
  return sum;
}

std::vector<NamedNetwork> NetworksToRun() {
  std::vector<NamedNetwork> networks;
  networks.push_back({"small convolution", Network(ConvolutionNetwork())});
  const std::filesystem::path digits = std::filesystem::path(INTEGRA_SOURCE_DIR) / "models/digits";
  if (std::filesystem::exists(digits / "network.json"))
    networks.push_back({"digits", Network::Load(digits)});
  networks.push_back({"small convolution, dynamic", WithDynamicRanges(networks[0].network)});
  const auto data = GoldenFolder();
  if (!data) return networks;
  for (const std::string& name : IntegerGoldenNames(400)) {
    networks.push_back({name, Import(*data / "models" / (name + ".tflite"))});
    if (name == "pretrainedResnet_quant") {
      networks.push_back({name + ", dynamic", WithDynamicRanges(networks.back().network)});
    }
  }
  return networks;
}

}  // namespace integra::test
