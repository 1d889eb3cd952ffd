// Reading and writing networks: network.json and the safetensors file beside it.
// docs/NETWORK_FORMAT.md describes both; docs/network.schema.json is the JSON Schema.
#pragma once

#include <filesystem>

#include "graph/graph.h"

namespace integra::graph {

inline constexpr const char* kNetworkFileName = "network.json";
inline constexpr const char* kWeightsFileName = "weights.safetensors";
inline constexpr int kFormatVersion = 1;
// Constants and lists of up to this many elements stand in the network file itself.
inline constexpr size_t kMaxInlineElements = 16;

struct LoadLimits {
  uint64_t max_weights_bytes = uint64_t{1} << 32;
  // Reading JSON takes up to about 40 times the file's size; MobileNetV2's has 0.1 MB.
  uint64_t max_network_bytes = uint64_t{1} << 26;
};

// `path` is a network file, or a folder that holds network.json. The weights file is mapped, not
// copied; the graph's constants point into it. The graph returned has passed Validate().
// Throws Error: kInvalidFile (names file, place and cause), kUnsupported, kSystem.
Graph LoadNetwork(const std::filesystem::path& path, const LoadLimits& limits = {});

// Writes `directory`/network.json and, where there are constants too large to stand inline,
// `directory`/weights.safetensors. Both are written whole under temporary names, synced, and then
// renamed in a way (weights_backup.h) that shows readers all of the old network or all of the new
// one, at any time, also where writing fails or the process is killed. A killed process may leave
// files called *.tmp-*. Throws Error (kSystem).
void SaveNetwork(const Graph& graph, const std::filesystem::path& directory);

}  // namespace integra::graph
