#include "kernels/avx512/vectors.h"
#include "kernels/linear_sum_row.h"

namespace integra::kernels {
namespace {

struct VectorsWithoutVnni : Vectors {
  static void AddPairs(Vector a, Vector b, Lanes& sum) { sum += (Lanes)MultiplyPairs(a, b); }
};

}  // namespace

void LinearSumRowAvx512(const LinearSum& sum, const uint8_t* a, const uint8_t* b, uint8_t* y,
                        int64_t count) {
  LinearSumRowOf<VectorsWithoutVnni>(sum, a, b, y, count);
}

void LinearSumRowAvx512Vnni(const LinearSum& sum, const uint8_t* a, const uint8_t* b, uint8_t* y,
                            int64_t count) {
  LinearSumRowOf<Vectors>(sum, a, b, y, count);
}

}  // namespace integra::kernels
