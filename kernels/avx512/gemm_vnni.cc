// GEMM on AVX512-VNNI: accumulators and the output stage stay in registers.
#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <type_traits>

#include "kernels/avx512/gemm_panel.h"
#include "kernels/avx512/output_stage.h"
#include "kernels/gemm.h"

namespace integra::kernels {
namespace {

struct PanelKernel {
  int64_t rows;  // of a tile
  int64_t fewest_steps;
  void (*run)(const Panel&);
};

template <int MR, int NR>
constexpr PanelKernel kPanel = {MR, MR == 1 ? 1 : FewestSteps(MR, NR), RunPanel<MR, NR>};

// Both by vectors of channels. Rows of tiles: the most for which two tiles of sums fit in the
// vector registers, and the addresses of rows in GCC's others.
constexpr PanelKernel kPanels[] = {kPanel<8, 1>, kPanel<6, 2>, kPanel<4, 3>, kPanel<3, 4>};
// One row alone has no other sums to hide the latency of its own: it takes more channels at once.
constexpr PanelKernel kRowPanels[] = {kPanel<1, 1>, kPanel<1, 2>, kPanel<1, 3>, kPanel<1, 4>,
                                      kPanel<1, 5>, kPanel<1, 6>, kPanel<1, 7>, kPanel<1, 8>};

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
        stage_(p.stage, GemmAddends(p), Order(p.n), LargestSum(p),
               VectorOutputStage::Join::kShuffle) {
    // Widest panels first, but evenly shared (5 = 3 + 2, not 4 + 1).
    const int64_t widest = one_row_ ? std::ssize(kRowPanels) : std::ssize(kPanels);
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
    if (one_row_ && p.stage.multipliers.size() == 1) ShareStage(p);
    Pack(p);
  }

  void Run(const GemmSource& src, int64_t rows, uint8_t* dst, int64_t dst_stride,
           std::byte* scratch) const override {
    RunPanels(src, rows, dst, dst_stride, stage_, scratch);
  }
  void Run(const GemmSource& src, int64_t rows, int32_t* dst, int64_t dst_stride,
           std::byte* scratch) const override {
    static const VectorOutputStage no_stage;  // of the scalar form
    RunPanels(src, rows, dst, dst_stride, no_stage, scratch);
  }

  std::string name() const override { return "own avx512_vnni"; }
  size_t scratch_bytes() const override {
    return static_cast<size_t>(steps_ + max_rows_) * sizeof(int32_t);
  }
  size_t bytes() const override { return weights_.size() + stage_.bytes(); }

 private:
  // To outputs or, where T is int32_t, to sums.
  template <typename T>
  void RunPanels(const GemmSource& src, int64_t rows, T* dst, int64_t dst_stride,
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
    for (int64_t r = 0; r < rows; ++r) {
      row_terms[r] = weight_zero_point_ != 0 ? RowTerm(src, r) : 0;
    }
    const int8_t* weights = weights_.data<int8_t>();
    int64_t channel = 0;
    for (const int64_t width : widths_) {
      Panel p{.weights = weights,
              .step_offsets = step_offsets,
              .steps = steps_,
              .base = base,
              .row_offsets = src.row_offsets,
              .row_terms = row_terms,
              .addends = nullptr,
              .rows = rows,
              .stage = &stage,
              .channel = channel,
              .valid = std::min(16 * width, n_ - channel),
              .dst = nullptr,
              .sums = nullptr,
              .dst_stride = dst_stride};
      if constexpr (std::is_same_v<T, int32_t>) {
        p.sums = dst + channel;
      } else {
        p.dst = dst + channel;
      }
      if (one_row_) {
        if (!addends_.empty() && &stage == &stage_) {
          p.addends = addends_.data() + channel;
          p.stage = &shared_stage_;
        }
        kRowPanels[width - 1].run(p);
      } else {
        const PanelKernel& kernel = kPanels[width - 1];
        const int64_t single = SingleRows(rows, kernel.rows, width);
        p.rows = rows - single;
        if (p.rows > 0) kernel.run(p);
        RunRows(p, single, width);
      }
      channel += 16 * width;
      weights += steps_ * 64 * width;
    }
  }

  // How many of the last rows are better taken by themselves than by one more tile, which would
  // overlap the one before it.
  static int64_t SingleRows(int64_t rows, int64_t tile_rows, int64_t width) {
    const int64_t left = rows % tile_rows;
    if (left == rows) return left;
    constexpr int64_t kLatency = 4;  // of vpdpbusd: a row of fewer vectors waits for it
    return left * std::max(width, kLatency) < tile_rows * width ? left : 0;
  }

  // The `count` rows that follow those of `p`, each by itself.
  static void RunRows(Panel p, int64_t count, int64_t width) {
    for (int64_t r = p.rows; r < p.rows + count; ++r) {
      Panel row = p;
      row.rows = 1;
      row.row_offsets += r;
      row.row_terms += r;
      if (p.sums != nullptr) {
        row.sums += r * p.dst_stride;
      } else {
        row.dst += r * p.dst_stride;
      }
      kRowPanels[width - 1].run(row);
    }
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

  void ShareStage(const GemmProblem& p) {
    const std::vector<int32_t> addends = GemmAddends(p);
    for (const int64_t c : Order(n_)) {
      addends_.push_back(c < 0 ? 0 : addends[static_cast<size_t>(c)]);
    }
    int64_t largest = 0;
    for (const int32_t a : addends) largest = std::max(largest, std::abs(int64_t{a}));
    shared_stage_ = VectorOutputStage(p.stage, std::vector<int32_t>(16), PlainOrder(16, 16),
                                      LargestSum(p) + largest, VectorOutputStage::Join::kShuffle);
    if (shared_stage_.form() == Form::kScalar) addends_.clear();
  }

  // Channels are where joining their halves puts them in order.
  static std::vector<int64_t> Order(int64_t n) {
    const std::vector<int64_t> plain = PlainOrder(n, 16 * std::ssize(kRowPanels));
    std::vector<int64_t> order(plain.size());
    for (size_t i = 0; i < order.size(); ++i) {
      order[i] = plain[static_cast<size_t>(VectorOutputStage::Shuffled(static_cast<int64_t>(i)))];
    }
    return order;
  }

  void Pack(const GemmProblem& p) {
    const int64_t vectors = (n_ + 15) / 16;
    weights_ = AlignedBuffer(static_cast<size_t>(vectors * steps_ * 64));
    int8_t* panel = weights_.data<int8_t>();
    int64_t channel = 0;
    for (const int64_t width : widths_) {
      int8_t* out = panel;
      for (int64_t t = 0; t < segments_; ++t) {
        for (int64_t k = 0; k < segment_steps_; ++k) {
          for (int64_t n = 0; n < 16 * width; ++n, out += 4) {
            const int64_t c = channel + VectorOutputStage::Shuffled(n);
            if (c >= n_) continue;
            const int8_t* from = p.weights + c * p.depth() + t * segment_length_;
            const int64_t count = segment_length_ - 4 * k;
            if (count >= 4) {
              std::memcpy(out, from + 4 * k, 4);  // one instruction: this takes most of packing
            } else {
              std::copy_n(from + 4 * k, count, out);
            }
          }
        }
      }
      channel += 16 * width;
      panel += steps_ * 64 * width;
    }
  }

  int32_t RowTerm(const GemmSource& src, int64_t r) const {
    __m512i sum = _mm512_setzero_si512();
    const __m512i ones = _mm512_set1_epi8(1);
    for (int64_t t = 0; t < segments_; ++t) {
      const uint8_t* x = src.base + src.row_offsets[r] + src.segment_offsets[t];
      for (int64_t k = 0; k < segment_length_; k += 64) {
        const int64_t left = std::min<int64_t>(64, segment_length_ - k);
        const __m512i bytes = _mm512_maskz_loadu_epi8((~uint64_t{0}) >> (64 - left), x + k);
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
  VectorOutputStage shared_stage_;  // of one row and one multiplier: see Panel::addends
  std::vector<int32_t> addends_;
  AlignedBuffer weights_;
};

}  // namespace

std::unique_ptr<const Gemm> MakeAvx512VnniGemm(const GemmProblem& problem) {
  return std::make_unique<VnniGemm>(problem);
}

}  // namespace integra::kernels
