// Is a product exact on this processor?
#include <random>
#include <vector>

#include "base/error.h"
#include "kernels/onednn/matmul.h"

namespace integra::kernels::onednn {
namespace {

struct Size {
  int64_t m, n, k;
};
// Odd sizes, tails of vectors, one row, deep rows.
constexpr Size kSizes[] = {{1, 1, 1},    {1, 17, 63},   {3, 16, 64},  {7, 33, 129},
                           {16, 64, 64}, {5, 130, 255}, {2, 31, 4099}};

void TestSize(const Product& product, const Size& size, bool extreme, std::mt19937& random,
              SelfTest& result) {
  std::vector<uint8_t> x(static_cast<size_t>(size.m * size.k));
  std::vector<int8_t> w(static_cast<size_t>(size.n * size.k));
  for (uint8_t& v : x) v = extreme ? 255 : static_cast<uint8_t>(random());
  for (int8_t& v : w) {
    v = extreme ? (random() % 4 ? 127 : -128) : static_cast<int8_t>(random());
  }
  std::vector<int32_t> y(static_cast<size_t>(size.m * size.n), -1);
  const std::string kernel = product(size.m, size.n, size.k, x.data(), w.data(), y.data());
  for (int64_t m = 0; m < size.m; ++m) {
    for (int64_t n = 0; n < size.n; ++n) {
      int32_t expected = 0;
      for (int64_t k = 0; k < size.k; ++k) expected += x[m * size.k + k] * w[n * size.k + k];
      ++result.outputs;
      if (y[m * size.n + n] == expected) continue;
      if (result.wrong++ == 0) {
        result.detail = StrCat(kernel, " on ", size.m, "x", size.n, "x", size.k, ": ",
                               y[m * size.n + n], " instead of ", expected);
      }
    }
  }
  if (result.wrong == 0) result.detail = kernel;
}

}  // namespace

SelfTest TestProduct(const Product& product) {
  SelfTest result;
  std::mt19937 random(1);
  try {
    for (const Size& size : kSizes) {
      TestSize(product, size, false, random, result);
      TestSize(product, size, true, random, result);
    }
    result.exact = result.wrong == 0;
  } catch (const Error& e) {
    result.detail = e.what();
  }
  return result;
}

const SelfTest& RunSelfTest() {
  static const SelfTest result = TestProduct(
      [](int64_t m, int64_t n, int64_t k, const uint8_t* src, const int8_t* weights, int32_t* dst) {
        const Matmul matmul(m, n, k, weights);
        matmul.Run(src, dst);
        return matmul.implementation();
      });
  return result;
}

}  // namespace integra::kernels::onednn
