#include "integra/network.hpp"

#include <new>

#include "base/error.h"
#include "graph/network_file.h"
#include "runtime/weight_cache.h"

namespace integra {

struct Network::State {
  graph::Graph graph;
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;
  mutable WeightCache weights;
};

Network::Network(graph::Graph graph) {
  auto state = std::make_shared<State>();
  state->graph = std::move(graph);
  for (const auto id : state->graph.inputs) state->inputs.push_back(state->graph.tensor(id));
  for (const auto id : state->graph.outputs) state->outputs.push_back(state->graph.tensor(id));
  state_ = std::move(state);
}

Network Network::Load(const std::filesystem::path& path, const LoadOptions& options) {
  try {
    return Network(graph::LoadNetwork(path, options));
  } catch (const std::bad_alloc&) {
    FailOutOfMemory(path.native());
  }
}

const std::string& Network::name() const { return state_->graph.name; }
const std::vector<TensorInfo>& Network::inputs() const { return state_->inputs; }
const std::vector<TensorInfo>& Network::outputs() const { return state_->outputs; }
const graph::Graph& Network::graph() const { return state_->graph; }
WeightCache& Network::weights() const { return state_->weights; }

}  // namespace integra
