// GEMM on AVX512-VNNI: accumulators and the output stage stay in registers.
#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <type_traits>

#include "kernels/avx512/gemm_pack.h"
#include "kernels/avx512/gemm_panel.h"
#include "kernels/avx512/gemm_row.h"
#include "kernels/avx512/gemm_row_panel.h"
#include "kernels/avx512/output_stage.h"
#include "kernels/avx512/row_terms.h"
#include "kernels/gemm.h"

namespace integra::kernels {
namespace {

constexpr int64_t kWidestPanel = std::ssize(kPanels);

using RowFunction = void (*)(const RowPanel&, const Row&, const RowOutputs&);

template <int NR, Form kForm>
void RowOfPanel(const RowPanel& panel, const Row& row, const RowOutputs& to) {
  RunRow<NR, kForm, false, true>(panel, row, to);
}

// By vectors of channels.
template <Form kForm>
constexpr RowFunction kRowFunctions[] = {RowOfPanel<1, kForm>, RowOfPanel<2, kForm>,
                                         RowOfPanel<3, kForm>, RowOfPanel<4, kForm>};
static_assert(std::size(kRowFunctions<Form::kScalar>) == kWidestPanel);

const RowFunction* RowFunctionsFor(Form form) {
  switch (form) {
    case Form::kFloor:
      return kRowFunctions<Form::kFloor>;
    case Form::kTwoStep:
      return kRowFunctions<Form::kTwoStep>;
    default:
      return kRowFunctions<Form::kScalar>;
  }
}

class VnniGemm final : public Gemm {
 public:
  explicit VnniGemm(const GemmProblem& p)
      : n_(p.n),
        segments_(p.segments),
        segment_steps_((p.segment_length + 3) / 4),
        segment_length_(p.segment_length),
        steps_(segments_ * segment_steps_),
        weight_zero_point_(p.weight_zero_point),
        max_rows_(p.max_rows),
        widths_(WidthsFor(p.n)),
        stage_(GemmStage(p, OrderFor(p.n), VectorOutputStage::Join::kShuffle)),
        folded_(avx512::FoldConstants, stage_, OrderOfPanels()) {
    for (const int64_t width : widths_) {
      steps_ = std::max(steps_, kPanels[width - 1].fewest_steps);
    }
    if (segments_ == 1) {  // found once and for all: this would be a good part of a small Run
      constexpr int32_t kNoOffset = 0;
      one_segment_.resize(static_cast<size_t>(steps_));
      FindSteps(&kNoOffset, one_segment_.data());
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

  int64_t read_multiple() const override { return 4; }
  std::string name() const override { return "own avx512_vnni"; }
  size_t scratch_bytes() const override {
    return static_cast<size_t>(steps_ + term_rows()) * sizeof(int32_t);
  }
  size_t bytes() const override { return weights_.size() + stage_.bytes() + folded_.bytes(); }

 private:
  // Whether the last of n channels make a panel that IsHalved.
  static bool HasHalvedPanel(int64_t n) { return n > 16 && IsHalved(2, 16 + (n - 1) % 16 + 1); }

  // Vectors of 16 channels of each panel.
  static std::vector<int64_t> WidthsFor(int64_t n) {
    std::vector<int64_t> widths;
    int64_t vectors = (n + 15) / 16;
    if (HasHalvedPanel(n)) vectors -= 2;
    for (; vectors > 0; vectors -= widths.back()) {
      widths.push_back(NextPanelWidth(vectors, kWidestPanel));
    }
    if (HasHalvedPanel(n)) widths.push_back(2);
    return widths;
  }

  // Of whole panels; the second vector of one that is halved has its channels twice.
  static std::vector<int64_t> OrderFor(int64_t n) {
    std::vector<int64_t> order = ShuffledOrder(n, 16 * kWidestPanel);
    const auto last = order.begin() + (n - 1) / 16 * 16;
    if (HasHalvedPanel(n)) std::copy_n(last, 8, last + 8);
    return order;
  }

  // To outputs or, where T is int32_t, to sums.
  template <typename T>
  void RunRows(const GemmSource& src, int64_t rows, T* dst, int64_t dst_stride,
               const VectorOutputStage& stage, std::byte* scratch) const {
    if (rows == 0) return;
    auto* row_terms = reinterpret_cast<int32_t*>(scratch);
    const uint8_t* base = src.base;
    const int32_t* step_offsets = one_segment_.data();
    if (segments_ == 1) {
      base += src.segment_offsets[0];
    } else {
      step_offsets = FindSteps(src.segment_offsets, row_terms + term_rows());
    }
    if (weight_zero_point_ == 0) {
      row_terms = nullptr;
    } else {
      FindRowTerms(src, segments_, segment_length_, rows, -weight_zero_point_, row_terms);
    }
    RunPanels(base, src.row_offsets, step_offsets, row_terms, rows, stage, dst, dst_stride);
  }

  // FindRowTerms takes whole blocks.
  int64_t term_rows() const { return (max_rows_ + kTermRows - 1) / kTermRows * kTermRows; }

  // Of dst, the pointer to outputs or the one to sums; the other one is null.
  static uint8_t* Outputs(uint8_t* dst) { return dst; }
  static uint8_t* Outputs(int32_t*) { return nullptr; }
  static int32_t* Sums(uint8_t*) { return nullptr; }
  static int32_t* Sums(int32_t* dst) { return dst; }

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
      RunPanelRows(p, width);
      p.weights += steps_ * 64 * width;
      p.channel += 16 * width;
      if (p.folded != nullptr) ++p.folded;
    }
  }

  // Rows in whole tiles, what is left of them in tiles of fewer rows, and then one by one.
  void RunPanelRows(const Panel& p, int64_t width) const {
    const bool is_deep = steps_ * 64 * width > kDeep;
    const bool halved = IsHalved(width, p.valid) && p.stage->form() != Form::kScalar;
    const PanelKernel& few = halved ? kHalvedPanel : kPanels[width - 1];
    const PanelKernel& most = is_deep && !halved ? kDeepPanels[width - 1] : few;
    const int64_t whole = p.rows - p.rows % most.rows;
    if (whole > 0) most.run(RowsOf(p, 0, whole));
    if (whole == p.rows) return;
    // The last tiles may overlap those before them.
    const int64_t tiled = TilesOfLast(p.rows, p.rows - whole, few.rows, width, is_deep) * few.rows;
    const int64_t first = std::min(whole, p.rows - tiled);
    if (tiled > 0) few.run(RowsOf(p, first, tiled));
    for (int64_t r = std::max(whole, first + tiled); r < p.rows; ++r) RunRowOf(p, r, width);
  }

  static Panel RowsOf(Panel p, int64_t first, int64_t count) {
    const int64_t at = first * p.dst_stride;
    p.row_offsets += first;
    if (p.row_terms != nullptr) p.row_terms += first;
    p.rows = count;
    if (p.dst != nullptr) p.dst += at;
    if (p.sums != nullptr) p.sums += at;
    return p;
  }

  // Row r of a panel by itself.
  static void RunRowOf(const Panel& p, int64_t r, int64_t width) {
    const RowPanel panel{.weights = p.weights,
                         .steps = p.steps,
                         .addends = nullptr,
                         .stage = p.stage,
                         .channel = p.channel,
                         .valid = p.valid,
                         .zero_point = p.stage->zero_point(),
                         .min = p.stage->min(),
                         .max = p.stage->max(),
                         .scale = {}};
    const int32_t term = p.row_terms != nullptr ? p.row_terms[r] : 0;
    const Row row{p.base + p.row_offsets[r], p.step_offsets, term};
    const int64_t at = r * p.dst_stride;
    const RowOutputs to{p.dst != nullptr ? p.dst + at : nullptr,
                        p.sums != nullptr ? p.sums + at : nullptr};
    RowFunctionsFor(p.stage->form())[width - 1](panel, row, to);
  }

  // In how many tiles the `left` last ones of `rows` rows are best taken, the others one by one: by
  // the products that they wait for.
  static int64_t TilesOfLast(int64_t rows, int64_t left, int64_t tile_rows, int64_t width,
                             bool is_deep) {
    // A row by itself waits for the latency of products, where it has few vectors, or for weights
    // from the second-level cache.
    const int64_t of_row = is_deep ? 2 * width : std::max<int64_t>(width, 4);
    int64_t best = 0, least = left * of_row;
    for (int64_t tiles = 1; (tiles - 1) * tile_rows < left && tiles * tile_rows <= rows; ++tiles) {
      const int64_t of_tiles = tiles * tile_rows * width;
      const int64_t all = of_tiles + std::max<int64_t>(0, left - tiles * tile_rows) * of_row;
      if (all >= least) continue;
      best = tiles;
      least = all;
    }
    return best;
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
        PackVector(p, stage_.order().data() + channel, 64 * width, panel + 64 * v);
      }
      panel += steps_ * 64 * width;
    }
  }

  const int64_t n_;
  const int64_t segments_, segment_steps_, segment_length_;
  int64_t steps_;                     // of four bytes, of all segments
  std::vector<int32_t> one_segment_;  // FindSteps where there is one
  const int32_t weight_zero_point_;
  const int64_t max_rows_;
  const std::vector<int64_t> widths_;
  const VectorOutputStage stage_;
  const avx512::FoldedStage folded_;  // of panels, where they can take it
  AlignedBuffer weights_;
};

}  // namespace

std::unique_ptr<const Gemm> MakeAvx512VnniGemm(const GemmProblem& problem) {
  if (problem.max_rows == 1) return avx512::MakeRowGemm(problem);
  return std::make_unique<VnniGemm>(problem);
}

}  // namespace integra::kernels
