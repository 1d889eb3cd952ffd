// Reading and writing networks: network.json and the safetensors file beside it.
// docs/NETWORK_FORMAT.md describes both; docs/network.schema.json is the JSON Schema.
#pragma once

#include <filesystem>

#include "graph/graph.h"
#include "integra/network.hpp"

namespace integra::graph {

inline constexpr const char* kNetworkFileName = "network.json";
inline constexpr const char* kWeightsFileName = "weights.safetensors";
inline constexpr int kFormatVersion = 1;
// Constants and lists of up to this many elements stand in the network file itself.
inline constexpr size_t kMaxInlineElements = 16;

// `path` is a network file, or a folder that holds network.json. The weights file is mapped, not
// copied; the graph's constants point into it. The graph returned has passed Validate().
// Throws Error: kInvalidFile (names file, place and cause), kUnsupported, kSystem.
Graph LoadNetwork(const std::filesystem::path& path, const LoadOptions& options = {});

// Writes `directory`/network.json and, where there are constants too large to stand inline,
// `directory`/weights.safetensors. Both are written whole under temporary names, synced, and then
// renamed in a way (weights_backup.h) that shows readers all of the old network or all of the new
// one, at any time, also where writing fails or the process is killed. A killed process may leave
// files called *.tmp-*. Throws Error (kSystem).
void SaveNetwork(const Graph& graph, const std::filesystem::path& directory);

}  // namespace integra::graph
