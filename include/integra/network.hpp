// A network: loaded once, immutable, shared by any number of sessions and threads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "integra/error.hpp"
#include "integra/export.h"
#include "integra/tensor.hpp"

namespace integra {

namespace graph {
struct Graph;
}
class WeightCache;

// Files larger than this are refused before they are read.
struct LoadOptions {
  uint64_t max_weights_bytes = uint64_t{1} << 32;
  // Reading JSON takes up to about 40 times the file's size; MobileNetV2's has 0.1 MB.
  uint64_t max_network_bytes = uint64_t{1} << 26;
};

class INTEGRA_API Network {
 public:
  // Loads a network file, or network.json in a folder, and checks all of it. The weights file stays
  // mapped while the network lives. Throws Error (kInvalidFile, kUnsupported, kSystem).
  static Network Load(const std::filesystem::path& path, const LoadOptions& options = {});

  // Takes a graph that graph::Validate() has accepted. For code built from Integra's sources.
  explicit Network(graph::Graph graph);

  const std::string& name() const;
  const std::vector<TensorInfo>& inputs() const;   // in the network's own order
  const std::vector<TensorInfo>& outputs() const;  // in the network's own order

  const graph::Graph& graph() const;
  WeightCache& weights() const;  // packed weights, made on first use, shared between sessions

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

}  // namespace integra
