#include "runtime/pixel_chains.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

namespace integra::runtime {
namespace {

int64_t Units(const PixelStep& step) { return (step.pixels + step.multiple - 1) / step.multiple; }

// Whether each thread gets about as much: where parts begin at few pixels, one may get all too
// much.
bool IsShared(const PixelStep& step, int threads) {
  const int64_t units = Units(step), most = (units + threads - 1) / threads;
  return 10 * most * threads <= 11 * units;
}

// How many of the steps can be joined.
size_t LengthOf(std::span<const PlannedStep> steps, int threads) {
  const PixelStep& first = steps[0].pixel_step;
  if (first.pixels == 0 || !IsShared(first, threads)) return 1;
  size_t length = 1;
  while (length < steps.size() && steps[length].pixel_step.is_local &&
         steps[length].pixel_step.pixels == first.pixels) {
    ++length;
  }
  return length;
}

PlannedStep Join(std::span<PlannedStep> steps, int threads) {
  std::vector<PixelStep> layers;
  for (PlannedStep& step : steps) layers.push_back(std::move(step.pixel_step));
  return {steps[0].node, [threads, layers = std::move(layers)](const StepContext& c) {
            const PixelStep& head = layers[0];
            const int64_t units = Units(head);
            c.pool->ParallelFor(threads, [&](int64_t part, int thread) {
              const int64_t first = units * part / threads * head.multiple;
              const int64_t last =
                  std::min(units * (part + 1) / threads * head.multiple, head.pixels);
              if (first >= last) return;
              for (const PixelStep& layer : layers) layer.run(c, first, last, thread);
            });
          }};
}

}  // namespace

void JoinPixelSteps(int threads, Plan& plan) {
  if (threads == 1) return;
  std::vector<PlannedStep> joined;
  for (size_t i = 0; i < plan.steps.size();) {
    const std::span<PlannedStep> rest = std::span(plan.steps).subspan(i);
    const size_t length = LengthOf(rest, threads);
    if (length == 1) {
      joined.push_back(std::move(rest[0]));
    } else {
      plan.chains.push_back({rest[0].node, rest[length - 1].node});
      joined.push_back(Join(rest.first(length), threads));
    }
    i += length;
  }
  plan.steps = std::move(joined);
}

}  // namespace integra::runtime
