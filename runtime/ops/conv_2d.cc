// Lowering of conv_2d: stripes of output rows, each one integer GEMM without im2col.
#include <algorithm>

#include "runtime/ops/dense.h"
#include "runtime/ops/dynamic_layer.h"
#include "runtime/ops/joined_pixels.h"
#include "runtime/ops/padded_rows.h"
#include "runtime/ops/row_source.h"
#include "runtime/ops/winograd.h"

namespace integra::runtime {
namespace {

using kernels::Conv2dParams;
using kernels::Gemm;
using kernels::GemmKind;
using kernels::GemmProblem;

// Stripes of pixels in one column begin at multiples of this, for the kernels' tiles.
constexpr int64_t kTileRows = 2;

int64_t PositiveRemainder(int64_t a, int64_t b) { return ((a % b) + b) % b; }

// Whether each output reads a whole image, every input once.
bool IsDense(const Conv2dParams& p) {
  const auto whole = [](const kernels::ConvAxis& axis) {
    return axis.output == 1 && axis.kernel == axis.input && axis.pad_before == 0 &&
           axis.dilation == 1;
  };
  return whole(p.y) && whole(p.x) && p.groups == 1;
}

// A 1x1 convolution is one long column of pixels.
Conv2dParams Flatten(Conv2dParams p) {
  if (p.y.kernel == 1 && p.x.kernel == 1 && p.y.stride == 1 && p.x.stride == 1 &&
      p.y.input == p.y.output && p.x.input == p.x.output) {
    p.y.input = p.y.output = p.batch * p.y.output * p.x.output;
    p.x.input = p.x.output = 1;
    p.batch = 1;
  }
  return p;
}

// A convolution, flattened or not, cut into stripes. All but the last are alike, so that their
// offsets are shared.
struct Stripes {
  Conv2dParams p;
  PaddedRows input;
  int64_t most_rows;                     // output rows per stripe of a single thread
  int64_t rows;                          // output rows per stripe
  int64_t count;                         // stripes per image
  std::vector<int32_t> row_offsets;      // by output pixel of a stripe
  std::vector<int32_t> segment_offsets;  // by run
  int64_t segment_length;

  Stripes(const Conv2dParams& params, int threads)
      : p(params),
        input(p, 1, 1),
        most_rows(std::clamp<int64_t>(kPixelsPerStripe / p.x.output, 1, p.y.output)),
        rows(RowsPerStripe(p.y.output, most_rows, threads, p.x.output == 1 ? kTileRows : 1)),
        count((p.y.output + rows - 1) / rows) {
    for (int64_t y = 0; y < rows; ++y) {
      for (int64_t x = 0; x < p.x.output; ++x) {
        row_offsets.push_back(
            static_cast<int32_t>(y * p.y.stride * input.pitch + x * p.x.stride * p.in_channels));
      }
    }
    // Neighbouring taps are neighbours in memory too, unless dilation or groups part them.
    const bool joined = p.x.dilation == 1 && p.groups == 1;
    segment_length = p.in_channels / p.groups * (joined ? p.x.kernel : 1);
    for (int64_t ky = 0; ky < p.y.kernel; ++ky) {
      for (int64_t kx = 0; kx < (joined ? 1 : p.x.kernel); ++kx) {
        segment_offsets.push_back(static_cast<int32_t>(ky * p.y.dilation * input.pitch +
                                                       kx * p.x.dilation * p.in_channels));
      }
    }
  }
};

// The product of group `g` of a convolution in these stripes.
GemmProblem ProblemOf(const DenseConvolution& convolution, const Stripes& stripes, int64_t g) {
  const Conv2dParams& p = stripes.p;
  GemmProblem problem;
  problem.n = p.out_channels;
  problem.segments = static_cast<int64_t>(stripes.segment_offsets.size());
  problem.segment_length = stripes.segment_length;
  problem.weights = convolution.weights.data;
  problem.weight_zero_point = convolution.weights.zero_point;
  problem.src_zero_point = p.src_zero_point;
  problem.bias = convolution.bias.empty() ? nullptr : convolution.bias.data();
  problem.stage = convolution.stage;
  // Not of these stripes: sessions with other numbers of threads share the packed weights.
  problem.max_rows = stripes.most_rows * p.x.output;
  problem.max_span = (stripes.most_rows - 1) * p.y.stride * stripes.input.pitch +
                     (p.x.output - 1) * p.x.stride * p.in_channels +
                     stripes.segment_offsets.back() + stripes.segment_length;
  const int64_t channels = p.out_channels / p.groups;
  return p.groups == 1 ? problem : ChannelsOf(problem, g * channels, channels);
}

// Whether each output pixel reads the input pixel with its number, and nothing else: nor what lies
// behind it.
bool ReadsPixels(const Stripes& stripes, const Gemm& gemm) {
  const bool is_flat = stripes.p.x.output == 1 && stripes.p.y.output == stripes.p.y.input;
  return is_flat && stripes.p.y.kernel == 1 && !stripes.input.copied && stripes.p.groups == 1 &&
         stripes.p.in_channels % gemm.read_multiple() == 0;
}

// Single rows of the output (RowSource): not flattened, a row is one product, or one for each plane
// that its pixels go to.
void OfferRowsOf(Lowering& l, const Conv2dParams& p, const std::shared_ptr<const Gemm>& gemm) {
  const auto stripes = std::make_shared<const Stripes>(p, 1);
  const size_t copy_bytes = stripes->input.copy_bytes(1);
  const auto writer = [=, in = l.node.inputs[0]](const RowLayout& layout) -> RowSource::Write {
    struct Run {
      std::vector<int32_t> row_offsets;
      int64_t to;
    };
    std::vector<Run> runs;
    for (int64_t f = 0; f < layout.planes; ++f) {
      const int64_t first = PositiveRemainder(f - layout.pad, layout.planes);
      Run run = {{}, f * layout.plane + (first + layout.pad) / layout.planes * p.out_channels};
      for (int64_t x = first; x < p.x.output; x += layout.planes) {
        run.row_offsets.push_back(stripes->row_offsets[static_cast<size_t>(x)]);
      }
      runs.push_back(std::move(run));
    }
    return [=, runs = std::move(runs)](const StepContext& c, int64_t image, int64_t y, uint8_t* to,
                                       std::byte* scratch) {
      const uint8_t* src = c.in<uint8_t>(in) + image * p.y.input * p.x.input * p.in_channels;
      const uint8_t* base = stripes->input.Prepare(src, y, 1, scratch);
      for (const Run& run : runs) {
        gemm->Run({base, run.row_offsets.data(), stripes->segment_offsets.data()},
                  static_cast<int64_t>(run.row_offsets.size()), to + run.to, p.out_channels,
                  scratch + copy_bytes);
      }
    };
  };
  l.OfferRows({copy_bytes + gemm->scratch_bytes(), writer});
}

// The part of a layer with a dynamic range that its weights say, groups side by side.
kernels::DynamicLayer DynamicLayerOf(const Lowering& l, const DenseConvolution& convolution,
                                     const Stripes& stripes) {
  std::vector<int32_t> addends;
  int64_t largest_sum = 0;
  for (int64_t g = 0; g < stripes.p.groups; ++g) {
    GemmProblem problem = ProblemOf(convolution, stripes, g);
    problem.bias = nullptr;
    const std::vector<int32_t> more = kernels::GemmAddends(problem);
    addends.insert(addends.end(), more.begin(), more.end());
    largest_sum = std::max(largest_sum, kernels::LargestSum(problem));
  }
  return DynamicLayerOf(l, std::move(addends), largest_sum);
}

// The node, or what is faster and gives the same outputs.
DenseConvolution ConvolutionOf(const Lowering& l, const Conv2dParams& p) {
  DenseConvolution convolution = {p, Int8WeightsOf(l.input(1)), {}, OutputStageOf(l)};
  if (BiasOf(l) != nullptr) convolution.bias.assign(BiasOf(l), BiasOf(l) + p.out_channels);
  // (Of a dynamic range the sums are needed by channel.)
  const GemmKind kind = GemmKindOf(l);
  if (l.has_dynamic_range() || (kind != GemmKind::kBest && kind != GemmKind::kOwn)) {
    return convolution;
  }
  const int64_t pixels = PixelsToJoin(p, l.isa);
  if (pixels > 1) return JoinPixels(convolution, pixels);
  return convolution;
}

}  // namespace

void LowerConv2d(Lowering& l) {
  const Conv2dParams p = Conv2dParamsOf(l);
  const int64_t taps = p.y.kernel * p.x.kernel * p.in_channels / p.groups;
  l.multiply_accumulates = static_cast<uint64_t>(ElementCount(l.output(0).shape) * taps);
  if (l.input(0).dtype == DataType::kInt16) {
    EmitInt16(l, p);
    return;
  }
  if (IsDense(p)) {
    EmitDense(l, p.batch, taps);
    return;
  }
  if (EmitWinograd(l, p)) return;
  const DenseConvolution convolution = ConvolutionOf(l, p);
  auto stripes = std::make_shared<const Stripes>(Flatten(convolution.params), l.options.threads);
  std::vector<std::shared_ptr<const Gemm>> gemms;
  size_t gemm_scratch = 0;
  for (int64_t g = 0; g < p.groups; ++g) {
    gemms.push_back(CachedGemm(l, g, ProblemOf(convolution, *stripes, g)));
    gemm_scratch = std::max(gemm_scratch, gemms.back()->scratch_bytes());
  }
  l.scratch_bytes = stripes->input.copy_bytes(stripes->rows) + gemm_scratch;

  const auto in = l.node.inputs[0], out = l.node.outputs[0];
  // Of an image's rows of outputs, as many as a stripe has.
  const auto run_rows = [=](const StepContext& c, int64_t image, int64_t first, int64_t rows,
                            int thread, auto* outputs) {
    const Stripes& s = *stripes;
    const size_t copy_bytes = s.input.copy_bytes(s.rows);
    const uint8_t* src = c.in<uint8_t>(in) + image * s.p.y.input * s.p.x.input * s.p.in_channels;
    auto* dst = outputs + (image * s.p.y.output + first) * s.p.x.output * s.p.out_channels;
    const uint8_t* base = s.input.Prepare(src, first, rows, c.scratch[thread]);
    for (const auto& gemm : gemms) {
      gemm->Run({base, s.row_offsets.data(), s.segment_offsets.data()}, rows * s.p.x.output, dst,
                s.p.out_channels, c.scratch[thread] + copy_bytes);
      base += s.p.in_channels / s.p.groups;
      dst += s.p.out_channels / s.p.groups;
    }
  };
  const auto run = [=](const StepContext& c, auto* outputs) {
    const Stripes& s = *stripes;
    c.pool->ParallelFor(s.p.batch * s.count, [&](int64_t part, int thread) {
      const int64_t first = part % s.count * s.rows;
      run_rows(c, part / s.count, first, std::min(s.rows, s.p.y.output - first), thread, outputs);
    });
  };
  if (l.has_dynamic_range()) {
    EmitDynamic(l, gemms[0]->name(), DynamicLayerOf(l, convolution, *stripes), run);
  } else {
    l.Emit(gemms[0]->name(), [=](const StepContext& c) { run(c, c.out<uint8_t>(out)); });
    if (stripes->p.batch == 1) {
      const int64_t rows = stripes->p.y.output, pixels = p.batch * p.y.output * p.x.output;
      OfferStripes(l, rows, pixels / rows, 1, stripes->rows, ReadsPixels(*stripes, *gemms[0]),
                   [=](const StepContext& c, int64_t first, int64_t count, int thread) {
                     run_rows(c, 0, first, count, thread, c.out<uint8_t>(out));
                   });
    }
    // Taller kernels would prepare every row of their input several times.
    if (p.groups == 1 && p.y.kernel == 1 &&
        p.x.output <= stripes->most_rows * stripes->p.x.output) {
      OfferRowsOf(l, p, gemms[0]);
    }
  }
}

}  // namespace integra::runtime
