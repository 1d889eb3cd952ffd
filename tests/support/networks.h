// Small networks for tests, and what tests ask about loading them.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "graph/graph.h"
#include "integra/error.hpp"
#include "integra/network.hpp"

namespace integra::test {

// A whole network in one file: reshape and fully_connected, with float originals of its constants.
std::string SmallNetworkText();

// A network whose lists and constants are too long to stand inline: a per-channel convolution with
// 20 output channels and a dense layer. Has passed Validate().
graph::Graph ConvolutionNetwork();

// The same with dynamic ranges wherever they are possible.
Network WithDynamicRanges(const Network& network);

// Another tensor, with a name of its own and one scale. Without a shape: a node makes it.
graph::TensorId AddTensor(graph::Graph& g, DataType dtype, Shape shape, float scale,
                          int32_t zero_point, SharedBytes data = {});

// Everything but `source` and where the bytes are kept.
bool SameGraph(const graph::Graph& a, const graph::Graph& b);

// `text` with the only occurrence of `from` replaced.
std::string Replaced(std::string text, std::string_view from, std::string_view to);

// What LoadNetwork() says about the path, or "" where it loads.
struct Refusal {
  ErrorCode code = ErrorCode::kInvalidArgument;
  std::string message;
  bool loaded = false;
};
Refusal TryLoad(const std::filesystem::path& path);

// Whether a refusal's message holds `part`.
bool Says(const Refusal& refusal, std::string_view part);

}  // namespace integra::test
