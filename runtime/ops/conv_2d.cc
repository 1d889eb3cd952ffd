// Lowering of conv_2d: stripes of output rows, each one integer GEMM without im2col.
#include <algorithm>
#include <cstring>

#include "base/buffer.h"
#include "runtime/ops/dense.h"

namespace integra::runtime {
namespace {

using kernels::Conv2dParams;
using kernels::Gemm;

// Output pixels per stripe: large enough to fill the kernel's tiles, small enough that a stripe of
// input and output stays in the second-level cache.
constexpr int64_t kPixelsPerStripe = 240;

// A convolution cut into stripes. All stripes but the last are alike, so offsets are shared.
struct Stripes {
  Conv2dParams p;
  int64_t rows = 1;                  // output rows per stripe
  int64_t count = 1;                 // stripes per image
  bool padded = false;               // input rows are copied to scratch, with padding around them
  int64_t pitch = 0;                 // bytes from one input row to the next, as the Gemm sees them
  std::vector<int32_t> row_offsets;  // by output pixel of a stripe
  std::vector<int32_t> segment_offsets;  // by run
  int64_t segment_length = 0;
  size_t padded_bytes = 0;

  explicit Stripes(const Conv2dParams& params) : p(params) {
    if (IsFlat()) Flatten();
    padded = NeedsPadding();
    const int64_t columns = padded ? p.x.reach(p.x.output) : p.x.input;
    pitch = columns * p.in_channels;
    rows = std::clamp<int64_t>(kPixelsPerStripe / p.x.output, 1, p.y.output);
    count = (p.y.output + rows - 1) / rows;
    if (padded) padded_bytes = AlignUp(static_cast<size_t>(p.y.reach(rows) * pitch)) + kReadPadding;

    for (int64_t y = 0; y < rows; ++y) {
      for (int64_t x = 0; x < p.x.output; ++x) {
        row_offsets.push_back(
            static_cast<int32_t>(y * p.y.stride * pitch + x * p.x.stride * p.in_channels));
      }
    }
    // Neighbouring taps are neighbours in memory too, unless dilation or groups part them.
    const bool joined = p.x.dilation == 1 && p.groups == 1;
    segment_length = p.in_channels / p.groups * (joined ? p.x.kernel : 1);
    for (int64_t ky = 0; ky < p.y.kernel; ++ky) {
      for (int64_t kx = 0; kx < (joined ? 1 : p.x.kernel); ++kx) {
        segment_offsets.push_back(
            static_cast<int32_t>(ky * p.y.dilation * pitch + kx * p.x.dilation * p.in_channels));
      }
    }
  }

 private:
  bool IsFlat() const {
    return p.y.kernel == 1 && p.x.kernel == 1 && p.y.stride == 1 && p.x.stride == 1 &&
           p.y.input == p.y.output && p.x.input == p.x.output;
  }

  // A 1x1 convolution is one long column of pixels.
  void Flatten() {
    p.y.input = p.y.output = p.batch * p.y.output * p.x.output;
    p.x.input = p.x.output = 1;
    p.batch = 1;
  }

  bool NeedsPadding() const {
    return p.y.pad_before > 0 || p.x.pad_before > 0 || p.y.reach(p.y.output) > p.y.input ||
           p.x.reach(p.x.output) > p.x.input;
  }
};

// Copies the input rows that a stripe reads, surrounded by the zero point.
void CopyPadded(const Stripes& s, const uint8_t* image, int64_t first_output_row, int64_t rows,
                uint8_t* to) {
  const Conv2dParams& p = s.p;
  const int zero = p.src_zero_point;
  const int64_t left = p.x.pad_before * p.in_channels;
  const int64_t middle = std::min(p.x.input * p.in_channels, s.pitch - left);
  const int64_t first = first_output_row * p.y.stride - p.y.pad_before;
  for (int64_t i = 0; i < p.y.reach(rows); ++i, to += s.pitch) {
    const int64_t y = first + i;
    if (y < 0 || y >= p.y.input) {
      std::memset(to, zero, static_cast<size_t>(s.pitch));
      continue;
    }
    std::memset(to, zero, static_cast<size_t>(left));
    std::memcpy(to + left, image + y * p.x.input * p.in_channels, static_cast<size_t>(middle));
    std::memset(to + left + middle, zero, static_cast<size_t>(s.pitch - left - middle));
  }
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
  auto stripes = std::make_shared<const Stripes>(p);
  const Int8Weights weights = Int8WeightsOf(l.input(1));
  const kernels::OutputStage stage = OutputStageOf(l);
  const int64_t n = p.out_channels / p.groups;
  std::vector<std::shared_ptr<const Gemm>> gemms;
  size_t gemm_scratch = 0;
  for (int64_t g = 0; g < p.groups; ++g) {
    kernels::GemmProblem problem;
    problem.n = n;
    problem.segments = static_cast<int64_t>(stripes->segment_offsets.size());
    problem.segment_length = stripes->segment_length;
    problem.weights = weights.data + g * n * taps;
    problem.weight_zero_point = weights.zero_point;
    problem.src_zero_point = p.src_zero_point;
    problem.bias = BiasOf(l) != nullptr ? BiasOf(l) + g * n : nullptr;
    problem.stage = stage;
    if (stage.multipliers.size() > 1) {
      problem.stage.multipliers.assign(stage.multipliers.begin() + g * n,
                                       stage.multipliers.begin() + (g + 1) * n);
    }
    problem.max_rows = static_cast<int64_t>(stripes->row_offsets.size());
    gemms.push_back(CachedGemm(l, g, problem));
    gemm_scratch = std::max(gemm_scratch, gemms.back()->scratch_bytes());
  }
  l.scratch_bytes = stripes->padded_bytes + gemm_scratch;

  const auto in = l.node.inputs[0], out = l.node.outputs[0];
  l.Emit(gemms[0]->name(), [=](const StepContext& c) {
    const Stripes& s = *stripes;
    c.pool->ParallelFor(s.p.batch * s.count, [&](int64_t part, int thread) {
      const int64_t image = part / s.count;
      const int64_t first = part % s.count * s.rows;
      const int64_t rows = std::min(s.rows, s.p.y.output - first);
      const uint8_t* src = c.in<uint8_t>(in) + image * s.p.y.input * s.p.x.input * s.p.in_channels;
      uint8_t* dst =
          c.out<uint8_t>(out) + (image * s.p.y.output + first) * s.p.x.output * s.p.out_channels;
      const uint8_t* base = src + first * s.p.y.stride * s.pitch;
      if (s.padded) {
        auto* copy = reinterpret_cast<uint8_t*>(c.scratch[thread]);
        CopyPadded(s, src, first, rows, copy);
        base = copy;
      }
      for (size_t g = 0; g < gemms.size(); ++g) {
        const auto group = static_cast<int64_t>(g);
        gemms[g]->Run({base + group * (s.p.in_channels / s.p.groups), s.row_offsets.data(),
                       s.segment_offsets.data()},
                      rows * s.p.x.output, dst + group * n, s.p.out_channels,
                      c.scratch[thread] + s.padded_bytes);
      }
    });
  });
}

}  // namespace integra::runtime
