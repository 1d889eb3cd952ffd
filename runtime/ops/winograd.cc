#include "runtime/ops/winograd.h"

#include <algorithm>

#include "graph/ops/window.h"
#include "kernels/winograd.h"
#include "runtime/ops/dense.h"
#include "runtime/ops/dynamic_layer.h"
#include "runtime/ops/padded_rows.h"

namespace integra::runtime {
namespace {

using kernels::Conv2dParams;
using kernels::kWinogradTile;
using kernels::Winograd;
using kernels::WinogradForm;

// Output pixels of a stripe. Kernels cut stripes into rectangles themselves; whole ones are best.
constexpr int64_t kPixels = 1024;

// Of so few tiles kernels do not make use of all lanes: threads share out the output channels.
constexpr int64_t kFewTiles = 8;

// What a second-level cache holds, and one of the third level.
constexpr int64_t kNearWeights = int64_t{512} << 10;
constexpr int64_t kFarWeights = int64_t{16} << 20;

int64_t RoundUp(int64_t x, int64_t multiple) { return (x + multiple - 1) / multiple * multiple; }
int64_t WholeTiles(int64_t outputs) { return RoundUp(outputs, kWinogradTile); }

struct LayerSize {
  int64_t rows, columns, in, out;  // of outputs; channels

  int64_t tiles() const {
    return WholeTiles(rows) / kWinogradTile * WholeTiles(columns) / kWinogradTile;
  }
  bool is_filled(int64_t quarters) const {
    return 4 * rows * columns >= quarters * WholeTiles(rows) * WholeTiles(columns);
  }
  int64_t weight_bytes() const {
    return kernels::kWinogradProducts * int64_t{sizeof(int16_t)} * in * out;
  }
  // Few tiles, which share large weights.
  bool is_far() const {
    return tiles() >= 4 && tiles() < 12 && weight_bytes() > kNearWeights && is_filled(3);
  }
};

// Transformed weights of all layers that is_far().
int64_t FarWeights(const graph::Graph& graph) {
  int64_t bytes = 0;
  for (const graph::Node& node : graph.nodes) {
    if (node.type != graph::OpType::kConv2d) continue;
    const Shape& weights = graph.tensor(node.inputs[1]).shape;
    const Shape& outputs = graph.tensor(node.outputs[0]).shape;
    const LayerSize size = {outputs[1], outputs[2], weights[3], weights[0]};
    if (size.is_far() && MayTakeWinograd(graph, node)) bytes += size.weight_bytes();
  }
  return bytes;
}

// Whether tiles are not so few that their products wait for each other, and filled well enough.
// Transformed weights are eight times as many bytes: those that come from afar have to be used by
// many tiles; or by a few that are nearly full, if the third-level cache may hold those of all such
// layers.
bool Pays(const graph::Graph& graph, const Conv2dParams& p) {
  const LayerSize size = {p.y.output, p.x.output, p.in_channels, p.out_channels};
  if (size.is_far()) return FarWeights(graph) <= kFarWeights;
  return size.tiles() >= (size.weight_bytes() <= kNearWeights ? 4 : 12) && size.is_filled(2);
}

kernels::GemmProblem ProblemOf(const Lowering& l, const Conv2dParams& p,
                               const Int8Weights& weights) {
  kernels::GemmProblem problem;
  problem.n = p.out_channels;
  problem.segments = 3;
  problem.segment_length = 3 * p.in_channels;
  problem.weights = weights.data;
  problem.weight_zero_point = weights.zero_point;
  problem.src_zero_point = p.src_zero_point;
  problem.bias = BiasOf(l);
  problem.stage = OutputStageOf(l);
  return problem;
}

WinogradForm FormOf(Candidate candidate) {
  if (candidate == Candidate::kWinogradTiles) return WinogradForm::kTiles;
  if (candidate == Candidate::kWinogradQuads) return WinogradForm::kQuads;
  return WinogradForm::kBest;
}

std::shared_ptr<const Winograd> CachedWinograd(const Lowering& l, const Conv2dParams& p,
                                               const Int8Weights& weights) {
  const WinogradForm form = FormOf(l.candidate);
  const std::string key =
      StrCat("winograd/", l.node.outputs[0], "/", NameOf(l.isa), "/", static_cast<int>(form));
  return l.cache.Get<Winograd>(key, [&]() -> std::shared_ptr<const Winograd> {
    return kernels::MakeWinograd(ProblemOf(l, p, weights), l.isa, form);
  });
}

// Rows of whole tiles; the outputs that are too many are padding.
Conv2dParams InWholeTiles(Conv2dParams p) {
  p.y.output = WholeTiles(p.y.output);
  p.x.output = WholeTiles(p.x.output);
  return p;
}

}  // namespace

bool MayTakeWinograd(const graph::Graph& graph, const graph::Node& node) {
  if (node.type != graph::OpType::kConv2d) return false;
  const Shape& weights = graph.tensor(node.inputs[1]).shape;
  const auto [rows, columns] = graph::WindowsOf(node, weights[1], weights[2]);
  const auto plain = [](const graph::Window& w) {
    return w.size == 3 && w.stride == 1 && w.dilation == 1;
  };
  return plain(rows) && plain(columns);
}

bool EmitWinograd(Lowering& l, const Conv2dParams& p) {
  if (!MayTakeWinograd(l.graph, l.node)) return false;
  const kernels::GemmKind kind = GemmKindOf(l);
  if (kind != kernels::GemmKind::kBest && kind != kernels::GemmKind::kOwn) return false;
  if (p.groups != 1 || l.candidate == Candidate::kDirect) return false;
  if (FormOf(l.candidate) == WinogradForm::kBest && !Pays(l.graph, p)) return false;
  const Int8Weights weights = Int8WeightsOf(l.input(1));
  const std::shared_ptr<const Winograd> winograd = CachedWinograd(l, p, weights);
  if (winograd == nullptr) return false;

  const Conv2dParams whole = InWholeTiles(p);
  const PaddedRows padded(whole, 1, 1);
  const int64_t most_rows =
      std::min(WholeTiles(std::max<int64_t>(1, kPixels / whole.x.output)), whole.y.output);
  const int threads = l.options.threads;
  int64_t stripe_rows = RowsPerStripe(whole.y.output, most_rows, threads, kWinogradTile);
  int64_t channels = p.out_channels;  // of a part
  if (stripe_rows * whole.x.output < kFewTiles * kWinogradTile * kWinogradTile) {
    stripe_rows = most_rows;
    channels = RoundUp((p.out_channels + threads - 1) / threads, kernels::kWinogradChannels);
  }
  const int64_t stripes = (p.y.output + stripe_rows - 1) / stripe_rows;
  const int64_t parts = (p.out_channels + channels - 1) / channels;  // of a stripe
  const size_t copy_bytes = padded.copy_bytes(stripe_rows);
  l.scratch_bytes = copy_bytes + winograd->scratch_bytes();
  const auto in = l.node.inputs[0], out = l.node.outputs[0];
  // A stripe of an image, of the output channels from `channel` on.
  const auto run_stripe = [=](const StepContext& c, int64_t image, int64_t first, int64_t rows,
                              int64_t channel, int thread, auto* outputs) {
    const int64_t row = p.x.output * p.out_channels;
    const uint8_t* src = c.in<uint8_t>(in) + image * p.y.input * p.x.input * p.in_channels;
    const kernels::WinogradPart part = {
        padded.Prepare(src, first, WholeTiles(rows), c.scratch[thread]),
        padded.pitch,
        rows,
        p.x.output,
        channel,
        std::min(channel + channels, p.out_channels)};
    winograd->Run(part, outputs + (image * p.y.output + first) * row, row,
                  c.scratch[thread] + copy_bytes);
  };
  const auto run = [=](const StepContext& c, auto* outputs) {
    c.pool->ParallelFor(p.batch * stripes * parts, [&](int64_t index, int thread) {
      const int64_t first = index / parts % stripes * stripe_rows;
      run_stripe(c, index / parts / stripes, first, std::min(stripe_rows, p.y.output - first),
                 index % parts * channels, thread, outputs);
    });
  };
  if (l.has_dynamic_range()) {
    kernels::GemmProblem problem = ProblemOf(l, p, weights);
    problem.bias = nullptr;
    EmitDynamic(l, winograd->name(),
                DynamicLayerOf(l, kernels::WinogradAddends(problem), kernels::LargestSum(problem)),
                run);
  } else {
    l.Emit(winograd->name(), [=](const StepContext& c) { run(c, c.out<uint8_t>(out)); });
    if (parts == 1) {
      OfferStripes(l, p, kWinogradTile, stripe_rows,
                   [=](const StepContext& c, int64_t first, int64_t rows, int thread) {
                     run_stripe(c, 0, first, rows, 0, thread, c.out<uint8_t>(out));
                   });
    }
  }
  return true;
}

}  // namespace integra::runtime
