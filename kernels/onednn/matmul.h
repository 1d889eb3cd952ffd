// The only door to oneDNN's int8: raw u8 x s8 -> s32 matrix multiplication with packed weights.
//
// Nothing else is asked of oneDNN, because nothing else is exact on every version (no zero points,
// bias, scales or sums inside the library, no run-time dimensions). This header names no type of
// oneDNN, so that its 2.x and 3.x interfaces meet in matmul.cc alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace integra::kernels::onednn {

class Matmul {
 public:
  // dst[m][n] = sum over k of src[m][k] * weights[n][k], m rows exactly. Throws Error where oneDNN
  // refuses.
  Matmul(int64_t m, int64_t n, int64_t k, const int8_t* weights);
  ~Matmul();

  // src: rows of k bytes, `lda` bytes apart has to be k. dst: dense. Any number of threads.
  void Run(const uint8_t* src, int32_t* dst) const;
  size_t bytes() const;
  const std::string& implementation() const;  // oneDNN's name of the kernel

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// "2.6.3"
std::string Version();

// Whether u8 x s8 -> s32 products are exact: multiplies extreme and random values of awkward sizes
// and compares them with plain loops.
struct SelfTest {
  bool exact = false;
  int64_t outputs = 0;  // compared
  int64_t wrong = 0;
  std::string detail;  // kernel names and the first difference
};
// Computes what Matmul(m, n, k, weights).Run(src, dst) does; returns the kernel's name.
using Product = std::function<std::string(int64_t m, int64_t n, int64_t k, const uint8_t* src,
                                          const int8_t* weights, int32_t* dst)>;
SelfTest TestProduct(const Product& product);

// The test of Matmul on this processor, once per process. oneDNN is not used where it is not exact
// (without VNNI its kernels saturate in 16 bits).
const SelfTest& RunSelfTest();

}  // namespace integra::kernels::onednn
