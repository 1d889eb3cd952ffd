// LSTM cells of every instruction set equal the reference.
#include "kernels/lstm.h"

#include <doctest/doctest.h>

#include <random>
#include <vector>

namespace integra::kernels {
namespace {

using Random = std::mt19937_64;

void CheckLevels(const LstmParams& p, const std::vector<int16_t>& sums,
                 const std::vector<int16_t>& cells) {
  std::vector<uint8_t> expected_h(static_cast<size_t>(p.cells) + 1, 77);
  std::vector<int16_t> expected_c = cells;
  LstmCellsReference(p, sums.data(), expected_h.data(), expected_c.data());
  for (int isa = 0; isa <= static_cast<int>(DetectIsa()); ++isa) {
    std::vector<uint8_t> h(expected_h.size(), 77);
    std::vector<int16_t> c = cells;
    ChooseLstmCells(static_cast<Isa>(isa)).run(p, sums.data(), h.data(), c.data());
    CAPTURE(NameOf(static_cast<Isa>(isa)));
    CAPTURE(p.cells);
    CAPTURE(p.cell_exponent);
    CHECK(h == expected_h);
    CHECK(c == expected_c);
  }
}

LstmParams RandomParams(Random& random, int64_t cells, int exponent) {
  LstmParams p;
  p.cells = cells;
  p.cell_exponent = exponent;
  p.cell_clip = static_cast<int16_t>(random() % 3 != 0 ? 0 : 1 + random() % 32767);
  p.state_zero = static_cast<int32_t>(random() % 256);
  p.hidden = {static_cast<int32_t>((1u << 30) + random() % (1u << 30)),
              20 + static_cast<int32_t>(random() % 4)};
  return p;
}

// Every gate and cell takes every value once, in other combinations each time.
TEST_CASE("LSTM cells: every level equals the reference for all values") {
  constexpr int64_t kAll = 65536;
  Random random(12);
  for (int exponent = -15; exponent <= -9; ++exponent) {
    const LstmParams p = RandomParams(random, kAll, exponent);
    std::vector<int16_t> values;
    for (int64_t gate = 0; gate < 5; ++gate) {
      const auto step = 1 + 2 * static_cast<int64_t>(random() % (kAll / 2));  // odd: a permutation
      for (int64_t i = 0; i < kAll; ++i) values.push_back(static_cast<int16_t>(i * step));
    }
    const std::vector<int16_t> cells(values.end() - kAll, values.end());
    CheckLevels(p, values, cells);
  }
}

TEST_CASE("LSTM cells: every level equals the reference for any number of cells") {
  Random random(13);
  for (int64_t count = 1; count < 70; ++count) {
    const LstmParams p = RandomParams(random, count, -15 + static_cast<int>(random() % 7));
    std::vector<int16_t> sums(static_cast<size_t>(4 * count)), cells(static_cast<size_t>(count));
    for (int16_t& v : sums) v = static_cast<int16_t>(random());
    for (int16_t& v : cells) v = static_cast<int16_t>(random());
    CheckLevels(p, sums, cells);
  }
}

}  // namespace
}  // namespace integra::kernels
