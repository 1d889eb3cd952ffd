// GEMM on AVX512-VNNI: accumulators and the output stage stay in registers.
#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <type_traits>

#include "kernels/avx512/gemm_pack.h"
#include "kernels/avx512/gemm_panel.h"
#include "kernels/avx512/gemm_row.h"
#include "kernels/avx512/output_stage.h"
#include "kernels/gemm.h"

namespace integra::kernels {
namespace {

class VnniGemm final : public Gemm {
 public:
  explicit VnniGemm(const GemmProblem& p)
      : n_(p.n),
        one_row_(p.max_rows == 1),
        segments_(p.segments),
        segment_steps_((p.segment_length + 3) / 4),
        segment_length_(p.segment_length),
        steps_(segments_ * segment_steps_),
        weight_zero_point_(p.weight_zero_point),
        max_rows_(p.max_rows),
        stage_(
            GemmStage(p, ShuffledOrder(p.n, 16 * kWidestRow), VectorOutputStage::Join::kShuffle)) {
    // Widest panels first, but evenly shared (5 = 3 + 2, not 4 + 1).
    const int64_t widest = one_row_ ? kWidestRow : std::ssize(kPanels);
    int64_t vectors = (n_ + 15) / 16;
    while (vectors > 0) {
      const int64_t groups = (vectors + widest - 1) / widest;
      const int64_t width = (vectors + groups - 1) / groups;
      widths_.push_back(width);
      if (!one_row_) steps_ = std::max(steps_, kPanels[width - 1].fewest_steps);
      vectors -= width;
    }
    if (segments_ == 1) {  // found once and for all: this would be a good part of a small Run
      constexpr int32_t kNoOffset = 0;
      one_segment_.resize(static_cast<size_t>(steps_));
      FindSteps(&kNoOffset, one_segment_.data());
    }
    if (one_row_ && p.stage.multipliers.size() == 1) ShareStage();
    if (!one_row_ && weight_zero_point_ == 0) {
      folded_ = avx512::FoldedStage(avx512::FoldConstants, stage_, OrderOfPanels());
    }
    Pack(p);
  }

  void Run(const GemmSource& src, int64_t rows, uint8_t* dst, int64_t dst_stride,
           std::byte* scratch) const override {
    RunRows(src, rows, dst, dst_stride, stage_, scratch);
  }
  void Run(const GemmSource& src, int64_t rows, int32_t* dst, int64_t dst_stride,
           std::byte* scratch) const override {
    static const VectorOutputStage no_stage;  // of the scalar form
    RunRows(src, rows, dst, dst_stride, no_stage, scratch);
  }

  std::string name() const override { return "own avx512_vnni"; }
  size_t scratch_bytes() const override {
    return static_cast<size_t>(steps_ + max_rows_) * sizeof(int32_t);
  }
  size_t bytes() const override { return weights_.size() + stage_.bytes() + folded_.bytes(); }

 private:
  // To outputs or, where T is int32_t, to sums.
  template <typename T>
  void RunRows(const GemmSource& src, int64_t rows, T* dst, int64_t dst_stride,
               const VectorOutputStage& stage, std::byte* scratch) const {
    if (rows == 0) return;
    auto* const row_terms = reinterpret_cast<int32_t*>(scratch);
    const uint8_t* base = src.base;
    const int32_t* step_offsets = one_segment_.data();
    if (segments_ == 1) {
      base += src.segment_offsets[0];
    } else {
      step_offsets = FindSteps(src.segment_offsets, row_terms + max_rows_);
    }
    const auto row_term = [&](int64_t r) { return weight_zero_point_ != 0 ? RowTerm(src, r) : 0; };
    if (one_row_) return RunRow(base + src.row_offsets[0], step_offsets, row_term(0), stage, dst);
    if (weight_zero_point_ == 0) {
      std::fill_n(row_terms, rows, 0);  // by vectors: the loop would take a cycle for each row
    } else {
      for (int64_t r = 0; r < rows; ++r) row_terms[r] = row_term(r);
    }
    RunPanels(base, src.row_offsets, step_offsets, row_terms, rows, stage, dst, dst_stride);
  }

  // Of dst, the pointer to outputs or the one to sums; the other one is null.
  static uint8_t* Outputs(uint8_t* dst) { return dst; }
  static uint8_t* Outputs(int32_t*) { return nullptr; }
  static int32_t* Sums(uint8_t*) { return nullptr; }
  static int32_t* Sums(int32_t* dst) { return dst; }

  template <typename T>
  void RunRow(const uint8_t* row, const int32_t* step_offsets, int32_t row_term,
              const VectorOutputStage& stage, T* dst) const {
    const bool shared = std::is_same_v<T, uint8_t> && !addends_.empty();
    RowPanel p{.weights = weights_.data<int8_t>(),
               .step_offsets = step_offsets,
               .steps = steps_,
               .row = row,
               .row_term = row_term,
               .addends = addends_.data(),
               .stage = shared ? &shared_stage_ : &stage,
               .channel = 0,
               .valid = n_,
               .dst = nullptr,
               .sums = nullptr};
    const RowFunction* const functions = RowFunctionsFor(p.stage->form(), shared);
    for (const int64_t width : widths_) {
      p.dst = Outputs(dst + p.channel);
      p.sums = Sums(dst + p.channel);
      p.valid = n_ - p.channel;
      functions[width - 1](p);
      p.weights += steps_ * 64 * width;
      if (shared) p.addends += 16 * width;
      p.channel += 16 * width;
    }
  }

  template <typename T>
  void RunPanels(const uint8_t* base, const int32_t* row_offsets, const int32_t* step_offsets,
                 const int32_t* row_terms, int64_t rows, const VectorOutputStage& stage, T* dst,
                 int64_t dst_stride) const {
    Panel p{.weights = weights_.data<int8_t>(),
            .step_offsets = step_offsets,
            .steps = steps_,
            .base = base,
            .row_offsets = row_offsets,
            .row_terms = row_terms,
            .rows = rows,
            .stage = &stage,
            .folded = std::is_same_v<T, uint8_t> ? folded_.blocks() : nullptr,
            .channel = 0,
            .valid = n_,
            .dst = nullptr,
            .sums = nullptr,
            .dst_stride = dst_stride};
    for (const int64_t width : widths_) {
      p.dst = Outputs(dst + p.channel);
      p.sums = Sums(dst + p.channel);
      p.valid = std::min(16 * width, n_ - p.channel);
      const PanelKernel& kernel = KernelFor(width);
      const int64_t left = RowsLeft(rows, kernel.rows, width);
      p.rows = rows - left;
      if (p.rows > 0) kernel.run(p);
      for (int64_t r = p.rows; r < rows; ++r) RunRowOf(p, r, width);
      p.weights += steps_ * 64 * width;
      p.channel += 16 * width;
      if (p.folded != nullptr) ++p.folded;
    }
  }

  const PanelKernel& KernelFor(int64_t width) const {
    return (steps_ * 64 * width > kDeep ? kDeepPanels : kPanels)[width - 1];
  }

  // Row r of a panel by itself.
  static void RunRowOf(const Panel& p, int64_t r, int64_t width) {
    const int64_t at = r * p.dst_stride;
    const RowPanel row{.weights = p.weights,
                       .step_offsets = p.step_offsets,
                       .steps = p.steps,
                       .row = p.base + p.row_offsets[r],
                       .row_term = p.row_terms[r],
                       .addends = nullptr,
                       .stage = p.stage,
                       .channel = p.channel,
                       .valid = p.valid,
                       .dst = p.dst != nullptr ? p.dst + at : nullptr,
                       .sums = p.sums != nullptr ? p.sums + at : nullptr};
    RowFunctionsFor(p.stage->form(), false)[width - 1](row);
  }

  // How many of the last rows are better taken by themselves than by one more tile, which would
  // overlap the one before it.
  static int64_t RowsLeft(int64_t rows, int64_t tile_rows, int64_t width) {
    const int64_t left = rows % tile_rows;
    if (left == rows) return left;
    constexpr int64_t kLatency = 4;  // of vpdpbusd: a row of fewer vectors waits for it
    return left * std::max(width, kLatency) < tile_rows * width ? left : 0;
  }

  // Where a row's steps read. Those past its end, whose weights are 0, read the last bytes again.
  const int32_t* FindSteps(const int32_t* segment_offsets, int32_t* offsets) const {
    int64_t step = 0;
    for (int64_t t = 0; t < segments_; ++t) {
      for (int64_t k = 0; k < segment_steps_; ++k) {
        offsets[step++] = segment_offsets[t] + static_cast<int32_t>(4 * k);
      }
    }
    for (; step < steps_; ++step) offsets[step] = offsets[step - 1];
    return offsets;
  }

  void ShareStage() {
    for (const int64_t c : stage_.order()) {
      addends_.push_back(c < 0 ? 0 : stage_.addends()[static_cast<size_t>(c)]);
    }
    int64_t largest = 0;
    for (const int32_t a : addends_) largest = std::max(largest, std::abs(int64_t{a}));
    shared_stage_ =
        VectorOutputStage(stage_.stage(), std::vector<int32_t>(16), PlainOrder(16, 16),
                          stage_.largest_sum() + largest, VectorOutputStage::Join::kShuffle);
    if (shared_stage_.form() == Form::kScalar) addends_.clear();
  }

  // A block of 64 positions for each panel. A single vector stands there twice, as rows are packed
  // in pairs.
  std::vector<int64_t> OrderOfPanels() const {
    std::vector<int64_t> order;
    int64_t channel = 0;
    for (const int64_t width : widths_) {
      for (int64_t i = 0; i < 64; ++i) {
        const int64_t position = width == 1 && i < 32 ? i % 16 : i;
        order.push_back(
            position < 16 * width ? stage_.order()[static_cast<size_t>(channel + position)] : -1);
      }
      channel += 16 * width;
    }
    return order;
  }

  void Pack(const GemmProblem& p) {
    weights_ = AlignedBuffer(static_cast<size_t>((n_ + 15) / 16 * steps_ * 64));
    auto* panel = weights_.data<int8_t>();
    int64_t channel = 0;
    for (const int64_t width : widths_) {
      for (int64_t v = 0; v < width; ++v, channel += 16) {
        PackVector(p, channel, 64 * width, panel + 64 * v);
      }
      panel += steps_ * 64 * width;
    }
  }

  int32_t RowTerm(const GemmSource& src, int64_t r) const {
    __m512i sum = _mm512_setzero_si512();
    const __m512i ones = _mm512_set1_epi8(1);
    for (int64_t t = 0; t < segments_; ++t) {
      const uint8_t* x = src.base + src.row_offsets[r] + src.segment_offsets[t];
      for (int64_t k = 0; k < segment_length_; k += 64) {
        const __m512i bytes =
            _mm512_maskz_loadu_epi8(avx512::FirstBytes(segment_length_ - k), x + k);
        sum = _mm512_dpbusd_epi32(sum, bytes, ones);
      }
    }
    return -weight_zero_point_ * _mm512_reduce_add_epi32(sum);
  }

  const int64_t n_;
  const bool one_row_;
  const int64_t segments_, segment_steps_, segment_length_;
  int64_t steps_;                     // of four bytes, of all segments
  std::vector<int32_t> one_segment_;  // FindSteps where there is one
  const int32_t weight_zero_point_;
  const int64_t max_rows_;
  std::vector<int64_t> widths_;  // vectors of 16 channels of each panel
  const VectorOutputStage stage_;
  // Where one multiplier serves all channels, they differ in their addends alone: a row reads these
  // and one block of a stage without them, instead of a block for each 16 channels.
  VectorOutputStage shared_stage_;
  std::vector<int32_t> addends_;  // by position; empty: not so
  avx512::FoldedStage folded_;    // of panels, where they can take it
  AlignedBuffer weights_;
};

}  // namespace

std::unique_ptr<const Gemm> MakeAvx512VnniGemm(const GemmProblem& problem) {
  return std::make_unique<VnniGemm>(problem);
}

}  // namespace integra::kernels
