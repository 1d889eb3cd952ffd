#include "runtime/row_layers.h"

#include <algorithm>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace integra::runtime {
namespace {

struct TensorStep {
  kernels::RowStep step;
  graph::TensorId in, out;
};

// Of at least one layer.
PlannedStep Join(std::span<PlannedStep> layers) {
  std::vector<std::shared_ptr<const kernels::Gemm>> gemms;  // kept alive
  std::vector<TensorStep> steps;
  for (const PlannedStep& layer : layers) {
    const RowLayer& row = layer.row_layer;
    int64_t first = 0;
    for (const auto& gemm : row.gemms) {
      for (kernels::RowStep step : gemm->row_steps()) {
        step.channel += first;
        steps.push_back({step, row.in, row.out});
      }
      gemms.push_back(gemm);
      first += row.channels;
    }
  }
  return {layers[0].node,
          [gemms = std::move(gemms), steps = std::move(steps)](const StepContext& c) {
            for (const auto& [step, in, out] : steps) {
              step.run(step.panel, c.in<uint8_t>(in), 0, c.out<uint8_t>(out) + step.channel);
            }
          }};
}

}  // namespace

void JoinRowLayers(Plan& plan) {
  const auto is_row = [](const PlannedStep& step) { return !step.row_layer.gemms.empty(); };
  std::vector<PlannedStep> joined;
  for (auto step = plan.steps.begin(); step != plan.steps.end();) {
    const auto last = std::find_if_not(step, plan.steps.end(), is_row);
    if (last == step) {
      joined.push_back(std::move(*step++));
    } else {
      joined.push_back(Join({step, last}));
      step = last;
    }
  }
  plan.steps = std::move(joined);
}

}  // namespace integra::runtime
