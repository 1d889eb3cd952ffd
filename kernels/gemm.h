// Integer matrix multiplication with the output stage of a layer: u8 x s8 -> s32 -> u8.
//
// One interface serves dense layers and convolutions. A row of the left matrix is not stored as
// such: it is `segments` runs of `segment_length` consecutive bytes of the source, run t of row r
// starting at base + row_offsets[r] + segment_offsets[t]. A dense row is one run; a k x k
// convolution over channels-last images is k runs of k * channels bytes, one per image row, and
// needs no im2col.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernels/isa.h"
#include "kernels/output_stage.h"

namespace integra::kernels {

struct GemmProblem {
  int64_t n = 0;                    // output channels
  int64_t segments = 1;             // runs per row
  int64_t segment_length = 0;       // bytes per run; depth K = segments * segment_length
  const int8_t* weights = nullptr;  // [n][segments][segment_length]
  int32_t weight_zero_point = 0;    // of the int8 values; [-128, 127]
  int32_t src_zero_point = 0;       // stored domain
  const int32_t* bias = nullptr;    // [n] or null
  OutputStage stage;
  int64_t max_rows = 1;  // of one Run()
  // Where the runs of a row and of its neighbours overlap: bytes from the first to behind the last
  // that one Run() reads, at most. Row and segment offsets then ascend. 0: not known.
  int64_t max_span = 0;

  int64_t depth() const { return segments * segment_length; }
};

struct GemmSource {
  const uint8_t* base = nullptr;
  const int32_t* row_offsets = nullptr;      // [rows]
  const int32_t* segment_offsets = nullptr;  // [segments]
};

// A part of the product of one row: run(panel, row, 0, dst) makes outputs `channel` and following
// at `dst`. `row`: all of its values, which `run` may read as Gemm::Run does.
struct RowStep {
  void (*run)(const void* panel, const uint8_t* row, int32_t term, uint8_t* dst);
  const void* panel;
  int64_t channel;
};

// A multiplication with its weights packed. Immutable: any number of threads may call Run.
class Gemm {
 public:
  virtual ~Gemm() = default;

  // dst[r * dst_stride + j] for r in [0, rows), j in [0, n). rows <= max_rows. Up to kReadPadding
  // bytes past the end of a run may be read (never used). `scratch` has scratch_bytes().
  virtual void Run(const GemmSource& src, int64_t rows, uint8_t* dst, int64_t dst_stride,
                   std::byte* scratch) const = 0;

  // The same without output stage: dst[r * dst_stride + j] = sum(x * (w - zw)) of stored values.
  // Neither the bias nor the source's zero point is in it: GemmAddends() are to be added.
  virtual void Run(const GemmSource& src, int64_t rows, int32_t* dst, int64_t dst_stride,
                   std::byte* scratch) const = 0;

  // Run() to outputs, step by step, for callers that want nothing else between the rows of small
  // layers: where there is one row, of one run. Or none: the kernel has no such steps. (Out of
  // line: files of vector kernels must not define functions that others share.)
  virtual std::span<const RowStep> row_steps() const;

  // Runs whose length is a multiple of this are read to their end and no further.
  virtual int64_t read_multiple() const;

  virtual std::string name() const = 0;
  virtual size_t scratch_bytes() const { return 0; }
  virtual size_t bytes() const = 0;  // of packed weights
};

enum class GemmKind { kBest, kOneDnn, kOwn, kReference };

// The kernel for this problem on this instruction set: the first of an ordered list that supports
// it, oneDNN's only where the self-test of this processor has found it exact (kernels/onednn). The
// last, the reference, supports everything.
std::unique_ptr<const Gemm> MakeGemm(const GemmProblem& problem, Isa isa, GemmKind kind);

// The candidates, null where they do not support the problem.
std::unique_ptr<const Gemm> MakeReferenceGemm(const GemmProblem& problem);
std::unique_ptr<const Gemm> MakePortableGemm(const GemmProblem& problem);
std::unique_ptr<const Gemm> MakeSse41Gemm(const GemmProblem& problem);
std::unique_ptr<const Gemm> MakeAvx2Gemm(const GemmProblem& problem);
std::unique_ptr<const Gemm> MakeVnni256Gemm(const GemmProblem& problem);
std::unique_ptr<const Gemm> MakeAvx512VnniGemm(const GemmProblem& problem);
std::unique_ptr<const Gemm> MakeOneDnnGemm(const GemmProblem& problem, Isa isa);

// What has to be added to sum(x * w) of stored values to make it sum((x - zx) * (w - zw)) + bias,
// but for -zw * sum(x), which depends on the row: bias[j] - zx * sum(w_j) + K * zx * zw. (Where
// weights are packed as w - zw, that term is in the product already.)
std::vector<int32_t> GemmAddends(const GemmProblem& problem);

// A bound of |sum(x * w) - zw * sum(x)| over all sources and channels.
int64_t LargestSum(const GemmProblem& problem);

// The output stage on vectors of a Gemm's sums.
VectorOutputStage GemmStage(const GemmProblem& problem, std::vector<int64_t> order,
                            VectorOutputStage::Join join = VectorOutputStage::Join::kBlend);

}  // namespace integra::kernels
