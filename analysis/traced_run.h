// One mode of a network, run so that every tensor can be looked at.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "integra/float_session.hpp"
#include "integra/network.hpp"
#include "runtime/float/float_plan.h"

namespace integra::analysis {

// A tensor's bytes as real values; integers without a scale are converted.
std::vector<float> RealValues(const graph::Tensor& tensor, std::span<const std::byte> bytes);

class TracedRun {
 public:
  // Throws Error.
  TracedRun(const Network& network, Mode mode, int threads);

  Mode mode() const { return mode_; }
  const graph::Graph& graph() const { return network_.graph(); }

  // `inputs` as for Session::Run, batch 1.
  void Run(std::span<const std::span<const std::byte>> inputs);

  // The step of an activation with one scale in the last Run.
  double ScaleOf(graph::TensorId id) const;

  // An activation of the last Run, as RealValues() has it.
  std::vector<float> Values(graph::TensorId id) const;

  // Modes float and simulated: computes node `n` from what the tensors hold now, so that a caller
  // can put other inputs there with TakeTensor.
  void RunNode(size_t n) { plan_->RunNode(n); }

  // Mode float: rounds the outputs of node `n` to their grids, where those are static.
  void RoundOutputs(size_t n);

  // Modes float and simulated: replaces an activation by the value it has in `other`.
  void TakeTensor(graph::TensorId id, const TracedRun& other);

 private:
  double RatioOf(graph::TensorId id) const;  // of a dynamic range; else 1

  const Network network_;  // keeps the graph alive
  const Mode mode_;
  std::optional<Session> session_;           // mode integer
  std::unique_ptr<floats::FloatPlan> plan_;  // modes float and simulated
  std::vector<std::vector<std::byte>> outputs_;
};

}  // namespace integra::analysis
