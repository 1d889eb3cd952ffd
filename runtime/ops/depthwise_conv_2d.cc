// Lowering of depthwise_conv_2d: stripes of output rows.
#include <algorithm>
#include <cstring>

#include "kernels/depthwise.h"
#include "runtime/ops/dense.h"
#include "runtime/ops/dynamic_layer.h"
#include "runtime/ops/padded_rows.h"
#include "runtime/ops/row_source.h"

namespace integra::runtime {
namespace {

// Input bytes of a stripe, about. It is more than the first-level cache has, but the rows that a
// stripe shares with the next one are copied and unpacked twice: few long stripes are faster.
constexpr int64_t kStripeBytes = 64 << 10;
constexpr int64_t kLeastRows = 4;

// Rows are taken from the layer before where its output is too much for the caches nearby, and
// where a row fills the tiles of its kernel.
constexpr int64_t kLeastBytes = 64 << 10;
constexpr int64_t kLeastColumns = 28;

// Input rows that are held then: they stay in the second-level cache.
constexpr int64_t kWindowBytes = 96 << 10;

// Output rows that are made at once then: many, as kernels unpack the rows above them once more,
// but of few input rows.
int64_t RowsAtOnce(const kernels::ConvAxis& y, int64_t pitch) {
  constexpr int64_t kMostRows = 17, kMostBytes = 192 << 10, kLeast = 4;
  const int64_t inputs = std::min(kMostRows, kMostBytes / pitch);
  const int64_t rows = (inputs - y.reach(1)) / y.stride + 1;
  return std::max(kLeast, rows / 2 * 2);
}

bool WorthTakingRows(const PaddedRows& input) {
  return input.x.input / input.planes >= kLeastColumns &&
         input.y.input * input.x.input * input.channels >= kLeastBytes;
}

bool TakesRows(const Lowering& l, const PaddedRows& input) {
  if (l.input_rows == nullptr || input.multiplicity != 1 || l.has_dynamic_range()) return false;
  if (l.candidate == Candidate::kWhole) return false;
  return l.candidate == Candidate::kOnRows || WorthTakingRows(input);
}

// Output rows of a stripe: about as many in each, and an even number for the kernels that make two
// at a time.
int64_t StripeRows(const PaddedRows& input) {
  const int64_t row_bytes = std::max<int64_t>(1, input.pitch * input.y.stride);
  const int64_t most = std::max(kLeastRows, kStripeBytes / row_bytes);
  const int64_t stripes = (input.y.output + most - 1) / most;
  const int64_t rows = (input.y.output + stripes - 1) / stripes;
  return std::min(input.y.output, (rows + 1) / 2 * 2);
}

// A window of padded input rows that moves down an image: rows are made when it reaches them.
class RowWindow {
 public:
  RowWindow(const PaddedRows& input, const RowSource& source)
      : input_(input),
        write_(source.writer({input.x.pad_before, input.planes, input.plane})),
        rows_at_once_(RowsAtOnce(input.y, input.pitch)),
        rows_(std::max(input.y.reach(rows_at_once_), kWindowBytes / input.pitch)),
        bytes_(AlignUp(static_cast<size_t>(rows_ * input.pitch) + kReadPadding)),
        scratch_bytes_(bytes_ + source.scratch_bytes) {}

  size_t scratch_bytes() const { return scratch_bytes_; }

  // Calls run(rows, y, count) for output rows [begin, end) of an image, `count` at a time, whose
  // input rows begin at `rows`.
  template <typename F>
  void ForEach(const StepContext& c, int64_t image, int64_t begin, int64_t end, std::byte* scratch,
               const F& run) const {
    auto* window = reinterpret_cast<uint8_t*>(scratch);
    int64_t top = begin * input_.y.stride - input_.y.pad_before;  // the window's first row
    int64_t made = top;                                           // rows above this are in it
    for (int64_t y = begin; y < end; y += rows_at_once_) {
      const int64_t count = std::min(rows_at_once_, end - y);
      const int64_t first = y * input_.y.stride - input_.y.pad_before;
      const int64_t last = first + input_.y.reach(count);
      made = std::max(made, first);
      if (last - top > rows_) {
        std::memmove(window, window + (first - top) * input_.pitch,
                     static_cast<size_t>((made - first) * input_.pitch));
        top = first;
      }
      for (; made < last; ++made) {
        MakeRow(c, image, made, window + (made - top) * input_.pitch, scratch + bytes_);
      }
      run(window + (first - top) * input_.pitch, y, count);
    }
  }

 private:
  void MakeRow(const StepContext& c, int64_t image, int64_t row, uint8_t* to,
               std::byte* scratch) const {
    if (row < 0 || row >= input_.y.input) {
      std::memset(to, input_.zero_point, static_cast<size_t>(input_.pitch));
      return;
    }
    write_(c, image, row, to, scratch);
    input_.PadRow(to);
  }

  const PaddedRows input_;
  const RowSource::Write write_;
  const int64_t rows_at_once_;  // of output
  const int64_t rows_;
  const size_t bytes_, scratch_bytes_;
};

// One step for this layer and the one before it.
void EmitOnRows(Lowering& l, const kernels::Conv2dParams& p, const PaddedRows& input,
                const std::shared_ptr<const kernels::Depthwise>& kernel) {
  const auto window = std::make_shared<const RowWindow>(input, *l.input_rows);
  l.scratch_bytes = window->scratch_bytes();
  // Parts begin with rows that the part before has made too: as few parts as there are threads.
  const int64_t parts =
      p.batch >= l.options.threads ? 1 : std::min<int64_t>(l.options.threads, p.y.output);
  l.TakeInputRows();
  // Output rows [begin, end) of an image.
  const auto run_rows = [=, out = l.node.outputs[0]](const StepContext& c, int64_t image,
                                                     int64_t begin, int64_t end, int thread) {
    const int64_t row_bytes = p.x.output * p.out_channels;
    uint8_t* dst = c.out<uint8_t>(out) + image * p.y.output * row_bytes;
    window->ForEach(c, image, begin, end, c.scratch[thread],
                    [&](const uint8_t* rows, int64_t y, int64_t count) {
                      kernel->Run(rows, count, dst + y * row_bytes);
                    });
  };
  l.Emit(StrCat(kernel->name(), " on rows"), [=](const StepContext& c) {
    c.pool->ParallelFor(p.batch * parts, [&](int64_t part, int thread) {
      const int64_t i = part % parts;
      run_rows(c, part / parts, p.y.output * i / parts, p.y.output * (i + 1) / parts, thread);
    });
  });
  OfferStripes(l, p, 1, p.y.output,
               [=](const StepContext& c, int64_t first, int64_t count, int thread) {
                 run_rows(c, 0, first, first + count, thread);
               });
}

}  // namespace

void LowerDepthwiseConv2d(Lowering& l) {
  const kernels::Conv2dParams p = Conv2dParamsOf(l);
  const int64_t out_elements = ElementCount(l.output(0).shape);
  l.multiply_accumulates = static_cast<uint64_t>(out_elements * p.y.kernel * p.x.kernel);
  if (l.input(0).dtype == DataType::kInt16) {
    EmitInt16(l, p);
    return;
  }
  const PaddedRows input(p, p.out_channels / p.in_channels, p.x.stride);
  const Int8Weights weights = Int8WeightsOf(l.input(1));
  kernels::DepthwiseProblem problem;
  problem.channels = p.out_channels;
  problem.out_width = p.x.output;
  problem.kernel_y = p.y.kernel;
  problem.kernel_x = p.x.kernel;
  problem.stride_y = p.y.stride;
  problem.stride_x = p.x.stride;
  problem.dilation_y = p.y.dilation;
  problem.dilation_x = p.x.dilation;
  problem.pitch = input.pitch;
  problem.plane = input.plane;
  problem.weights = weights.data;
  problem.weight_zero_point = weights.zero_point;
  problem.src_zero_point = p.src_zero_point;
  problem.bias = BiasOf(l);
  problem.stage = OutputStageOf(l);
  const auto kernel = l.cache.Get<kernels::Depthwise>(
      StrCat("depthwise/", l.node.outputs[0], "/", NameOf(l.isa)), [&] {
        return std::shared_ptr<const kernels::Depthwise>(kernels::MakeDepthwise(problem, l.isa));
      });

  if (TakesRows(l, input)) {
    EmitOnRows(l, p, input, kernel);
    return;
  }
  const int64_t rows = RowsPerStripe(p.y.output, StripeRows(input), l.options.threads, 2);
  const int64_t stripes = (p.y.output + rows - 1) / rows;
  l.scratch_bytes = input.copy_bytes(rows);
  const auto in = l.node.inputs[0], out = l.node.outputs[0];
  const auto run_stripe = [=](const StepContext& c, int64_t image, int64_t first, int64_t count,
                              int thread, auto* outputs) {
    const uint8_t* src = c.in<uint8_t>(in) + image * p.y.input * p.x.input * p.in_channels;
    auto* dst = outputs + (image * p.y.output + first) * p.x.output * p.out_channels;
    kernel->Run(input.Prepare(src, first, count, c.scratch[thread]), count, dst);
  };
  const auto run = [=](const StepContext& c, auto* outputs) {
    c.pool->ParallelFor(p.batch * stripes, [&](int64_t part, int thread) {
      const int64_t first = part % stripes * rows;
      run_stripe(c, part / stripes, first, std::min(rows, p.y.output - first), thread, outputs);
    });
  };
  if (l.has_dynamic_range()) {
    problem.bias = nullptr;
    EmitDynamic(l, kernel->name(),
                DynamicLayerOf(l, kernels::DepthwiseAddends(problem), kernels::LargestSum(problem)),
                run);
  } else {
    l.Emit(kernel->name(), [=](const StepContext& c) { run(c, c.out<uint8_t>(out)); });
    OfferStripes(l, p, 1, rows,
                 [=](const StepContext& c, int64_t first, int64_t count, int thread) {
                   run_stripe(c, 0, first, count, thread, c.out<uint8_t>(out));
                 });
  }
}

}  // namespace integra::runtime
