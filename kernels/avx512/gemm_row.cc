// One row times a matrix on AVX512-VNNI.
#include "kernels/avx512/gemm_row.h"

#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/avx512/gemm_pack.h"
#include "kernels/avx512/gemm_row_panel.h"

namespace integra::kernels {
namespace {

constexpr int64_t kWidestRow = 8;  // vectors of channels

using OutputsFunction = decltype(RowStep::run);
using SumsFunction = void (*)(const RowPanel&, const Row&, int32_t* sums);

template <int NR, Form kForm, bool kShared>
void RowToOutputs(const void* panel, const uint8_t* row, int32_t term, uint8_t* dst) {
  RunRow<NR, kForm, kShared, false>(*static_cast<const RowPanel*>(panel), {row, nullptr, term},
                                    {dst, nullptr});
}
template <int NR>
void RowToSums(const RowPanel& panel, const Row& row, int32_t* sums) {
  RunRow<NR, Form::kScalar, false, false>(panel, row, {nullptr, sums});
}

// By vectors of channels.
template <Form kForm, bool kShared>
constexpr OutputsFunction kToOutputs[kWidestRow] = {
    RowToOutputs<1, kForm, kShared>, RowToOutputs<2, kForm, kShared>,
    RowToOutputs<3, kForm, kShared>, RowToOutputs<4, kForm, kShared>,
    RowToOutputs<5, kForm, kShared>, RowToOutputs<6, kForm, kShared>,
    RowToOutputs<7, kForm, kShared>, RowToOutputs<8, kForm, kShared>};
constexpr SumsFunction kToSums[kWidestRow] = {RowToSums<1>, RowToSums<2>, RowToSums<3>,
                                              RowToSums<4>, RowToSums<5>, RowToSums<6>,
                                              RowToSums<7>, RowToSums<8>};

const OutputsFunction* ToOutputs(Form form, bool shared) {
  switch (form) {
    case Form::kFloor:
      return shared ? kToOutputs<Form::kFloor, true> : kToOutputs<Form::kFloor, false>;
    case Form::kTwoStep:
      return shared ? kToOutputs<Form::kTwoStep, true> : kToOutputs<Form::kTwoStep, false>;
    default:
      return kToOutputs<Form::kScalar, false>;
  }
}

// A small network runs in microseconds, and between two runs its weights drive all else from the
// first-level cache. So what a Run reads beside weights is little, and mostly in one place.
class RowGemm final : public Gemm {
 public:
  explicit RowGemm(const GemmProblem& p)
      : segments_(p.segments),
        segment_length_(p.segment_length),
        segment_bytes_((p.segment_length + 3) / 4 * 4),
        weight_zero_point_(p.weight_zero_point),
        stage_(
            GemmStage(p, ShuffledOrder(p.n, 16 * kWidestRow), VectorOutputStage::Join::kShuffle)) {
    const VectorOutputStage shared = SharedStage(p);
    const bool is_shared = shared.form() != Form::kScalar;
    const OutputsFunction* const run =
        ToOutputs(is_shared ? shared.form() : stage_.form(), is_shared);
    RowPanel panel{.weights = nullptr,
                   .steps = segments_ * segment_bytes_ / 4,
                   .addends = nullptr,
                   .stage = &stage_,
                   .channel = 0,
                   .valid = p.n,
                   .zero_point = stage_.zero_point(),
                   .min = stage_.min(),
                   .max = stage_.max(),
                   .scale = {}};
    if (is_shared) {
      const VectorOutputStage::Block& block = shared.blocks()[0];
      panel.scale = {block.m[0][0], block.c[0][0], block.shift[0], block.pre[0], block.half[0]};
    }

    // The addends of a panel, where there are some, and its weights: bytes of a vector of channels.
    const int64_t addends = is_shared ? kVectorBytes : 0, weights = panel.steps * kVectorBytes;
    int64_t vectors = (p.n + kVectorChannels - 1) / kVectorChannels;
    packed_ = AlignedBuffer(static_cast<size_t>(vectors * (addends + weights)));
    panels_.reserve(static_cast<size_t>(vectors));  // steps point to them
    for (auto* to = packed_.data<int8_t>(); vectors > 0;) {
      const int64_t width = NextPanelWidth(vectors, kWidestRow);
      if (is_shared) {
        panel.addends = reinterpret_cast<const int32_t*>(to);
        PackAddends(panel.channel, width, reinterpret_cast<int32_t*>(to));
        to += width * addends;
      }
      panel.weights = to;
      for (int64_t v = 0; v < width; ++v) {
        PackVector(p, stage_.order().data() + panel.channel + v * kVectorChannels,
                   width * kVectorBytes, to + v * kVectorBytes);
      }
      to += width * weights;
      panels_.push_back(panel);
      steps_.push_back({run[width - 1], &panels_.back(), panel.channel});
      to_sums_.push_back(kToSums[width - 1]);
      panel.channel += width * kVectorChannels;
      panel.valid -= width * kVectorChannels;
      vectors -= width;
    }
  }

  void Run(const GemmSource& src, int64_t rows, uint8_t* dst, int64_t /*dst_stride*/,
           std::byte* scratch) const override {
    if (rows == 0) return;
    const Row row = RowOf(src, scratch);
    for (const RowStep& step : steps_) {
      step.run(step.panel, row.values, row.term, dst + step.channel);
    }
  }
  void Run(const GemmSource& src, int64_t rows, int32_t* dst, int64_t /*dst_stride*/,
           std::byte* scratch) const override {
    if (rows == 0) return;
    const Row row = RowOf(src, scratch);
    for (size_t i = 0; i < panels_.size(); ++i) {
      to_sums_[i](panels_[i], row, dst + panels_[i].channel);
    }
  }

  std::span<const RowStep> row_steps() const override {
    return segments_ == 1 && weight_zero_point_ == 0 ? std::span(steps_)
                                                     : std::span<const RowStep>();
  }
  std::string name() const override { return "own avx512_vnni"; }
  size_t scratch_bytes() const override {
    return segments_ == 1 ? 0 : static_cast<size_t>(segments_ * segment_bytes_);
  }
  size_t bytes() const override { return packed_.size() + stage_.bytes(); }

 private:
  static constexpr int64_t kVectorChannels = 16, kVectorBytes = 64;

  // Steps one after the other: runs are copied where there are several.
  Row RowOf(const GemmSource& src, std::byte* scratch) const {
    const uint8_t* values = src.base + src.row_offsets[0] + src.segment_offsets[0];
    int64_t count = segment_length_;
    if (segments_ > 1) {
      auto* const joined = reinterpret_cast<uint8_t*>(scratch);
      for (int64_t t = 0; t < segments_; ++t) {
        uint8_t* const to = joined + t * segment_bytes_;
        std::memset(to + segment_bytes_ - 4, 0, 4);
        std::memcpy(to, src.base + src.row_offsets[0] + src.segment_offsets[t],
                    static_cast<size_t>(segment_length_));
      }
      values = joined;
      count = segments_ * segment_bytes_;
    }
    const int32_t term =
        weight_zero_point_ == 0 ? 0 : -weight_zero_point_ * SumValues(values, count);
    return {values, nullptr, term};
  }

  // Where one multiplier serves all channels, they differ in their addends alone: a row reads these
  // and the constants of a stage without them, instead of a block for each 16 channels. In the
  // scalar form where it cannot be so.
  VectorOutputStage SharedStage(const GemmProblem& p) const {
    if (p.stage.multipliers.size() != 1) return {};
    int64_t largest = 0;
    for (const int32_t a : stage_.addends()) largest = std::max(largest, std::abs(int64_t{a}));
    return {stage_.stage(), std::vector<int32_t>(16), PlainOrder(16, 16),
            stage_.largest_sum() + largest, VectorOutputStage::Join::kShuffle};
  }

  void PackAddends(int64_t channel, int64_t width, int32_t* to) const {
    for (int64_t i = 0; i < width * kVectorChannels; ++i) {
      const int64_t c = stage_.order()[static_cast<size_t>(channel + i)];
      to[i] = c < 0 ? 0 : stage_.addends()[static_cast<size_t>(c)];
    }
  }

  const int64_t segments_, segment_length_;
  const int64_t segment_bytes_;  // of whole steps
  const int32_t weight_zero_point_;
  std::vector<RowPanel> panels_;
  std::vector<RowStep> steps_;         // of each panel
  std::vector<SumsFunction> to_sums_;  // the same
  const VectorOutputStage stage_;
  AlignedBuffer packed_;  // [panel][addends, weights]
};

}  // namespace

std::unique_ptr<const Gemm> avx512::MakeRowGemm(const GemmProblem& problem) {
  return std::make_unique<RowGemm>(problem);
}

}  // namespace integra::kernels
