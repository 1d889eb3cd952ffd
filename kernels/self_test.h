// Are Integra's own kernels right on this processor, in this build?
//
// Before the first network is planned for an instruction set, each kernel that it chooses is
// compared with its reference on a few awkward problems; Winograd's, which few networks take,
// before the first of those, and the one that is not chosen by default before the first network
// that may be told to take it. An instruction set with a wrong kernel (a fault of the processor, of
// an emulator, of the compiler) is denied: networks get the next lower one. (For oneDNN's products
// see kernels/onednn/matmul.h.)
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "kernels/activation.h"
#include "kernels/depthwise.h"
#include "kernels/elementwise.h"
#include "kernels/gemm.h"
#include "kernels/linear_sum.h"
#include "kernels/lstm.h"
#include "kernels/pool.h"
#include "kernels/reduce.h"
#include "kernels/requantize.h"
#include "kernels/resize.h"
#include "kernels/winograd.h"

namespace integra::kernels {

// What an instruction set chooses, one kernel for each family.
struct KernelSet {
  std::function<std::unique_ptr<const Gemm>(const GemmProblem&)> gemm;
  std::function<std::unique_ptr<const Depthwise>(const DepthwiseProblem&)> depthwise;
  // May return null: then Gemm serves.
  std::function<std::unique_ptr<const Winograd>(const GemmProblem&, WinogradForm)> winograd;
  RequantizeFunction requantize = nullptr;
  Lookup lookup = nullptr;
  std::function<AddRowChoice(const AddParams&)> add;
  std::function<MulRowChoice(const MulParams&)> multiply;
  LinearSumRow linear_sum = nullptr;
  PoolRow<uint8_t> average_pool = nullptr;
  PoolRow<uint8_t> max_pool = nullptr;
  SumColumns sum_columns = nullptr;
  BilinearRow<uint8_t> bilinear = nullptr;
  LstmCells lstm_cells = nullptr;
};
KernelSet KernelsOf(Isa isa);

struct KernelSelfTest {
  int64_t families = 0;  // of kernels
  int64_t outputs = 0;   // compared
  int64_t wrong = 0;
  std::string detail;  // the first difference

  bool exact() const { return wrong == 0; }
};

enum class SelfTestScope { kWithoutWinograd, kBestWinograd, kAll };

// Compares every kernel of the set with its reference.
KernelSelfTest TestKernels(const KernelSet& kernels, SelfTestScope scope = SelfTestScope::kAll);

// TestKernels(KernelsOf(isa)), once per process. `isa` must be one that the processor has.
const KernelSelfTest& SelfTestOf(Isa isa, SelfTestScope scope = SelfTestScope::kAll);

// The highest instruction set up to `wanted` that passes; `test` gives the result of each. Throws
// Error (kSystem) where none does: then nothing can be trusted on this machine.
Isa HighestExact(Isa wanted, const std::function<const KernelSelfTest&(Isa)>& test);
Isa HighestExact(Isa wanted, SelfTestScope scope = SelfTestScope::kAll);

}  // namespace integra::kernels
