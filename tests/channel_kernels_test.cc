// Vector kernels over channels (lookup, pooling, sums, resizing) against their references, with
// channel counts around the vectors' sizes and extreme values.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "base/buffer.h"
#include "kernels/activation.h"
#include "kernels/pool.h"
#include "kernels/reduce.h"
#include "kernels/resize.h"
#include "kernels/softmax.h"

namespace integra::kernels {
namespace {

class Random {
 public:
  int64_t Int(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(engine_);
  }
  AlignedBuffer Bytes(int64_t count) {
    AlignedBuffer buffer(static_cast<size_t>(count));
    const auto kind = Int(0, 3);
    for (int64_t i = 0; i < count; ++i) {
      buffer.data<uint8_t>()[i] = static_cast<uint8_t>(kind == 0   ? 255 * Int(0, 1)
                                                       : kind == 1 ? 255
                                                                   : Int(0, 255));
    }
    return buffer;
  }

 private:
  std::mt19937_64 engine_{11};
};

std::vector<Isa> Levels() {
  std::vector<Isa> levels;
  for (int i = 0; i <= static_cast<int>(DetectIsa()); ++i) levels.push_back(static_cast<Isa>(i));
  return levels;
}

constexpr int64_t kChannels[] = {1,  2,  3,  7,   8,   16,  21,  31,  32, 33,
                                 63, 64, 65, 100, 127, 255, 256, 257, 320};

int64_t AnyChannels(Random& random) { return kChannels[random.Int(0, std::size(kChannels) - 1)]; }

// The bytes and, behind them, a guard that nobody may write.
struct Output {
  explicit Output(int64_t n) : bytes(static_cast<size_t>(n + 64), 0xa5), count(n) {}
  uint8_t* data() { return bytes.data(); }
  bool guarded() const {
    return std::all_of(bytes.begin() + count, bytes.end(), [](uint8_t b) { return b == 0xa5; });
  }
  std::vector<uint8_t> bytes;
  int64_t count;
};

TEST_CASE("lookup: every level equals the reference") {
  Random random;
  for (int i = 0; i < 200; ++i) {
    const int64_t count = random.Int(0, 300);
    const AlignedBuffer table = random.Bytes(256), src = random.Bytes(count);
    Output expected(count);
    LookupReference(table.data<uint8_t>(), src.data<uint8_t>(), count, expected.data());
    for (const Isa isa : Levels()) {
      Output y(count);
      ChooseLookup(isa).run(table.data<uint8_t>(), src.data<uint8_t>(), count, y.data());
      INFO(NameOf(isa), ", ", count, " elements");
      CHECK(y.bytes == expected.bytes);
    }
  }
}

TEST_CASE("pooling: every level equals the reference") {
  Random random;
  for (int i = 0; i < 300; ++i) {
    PoolParams p;
    const bool large = i % 20 == 0;  // windows that need wide sums
    p.in_h = random.Int(1, large ? 70 : 9);
    p.in_w = random.Int(1, large ? 70 : 9);
    p.channels = AnyChannels(random);
    p.filter_h = large ? p.in_h : random.Int(1, p.in_h);
    p.filter_w = large ? p.in_w : random.Int(1, p.in_w);
    p.stride_h = random.Int(1, 3);
    p.stride_w = random.Int(1, 3);
    p.pad_top = random.Int(0, p.filter_h - 1);
    p.pad_left = random.Int(0, p.filter_w - 1);
    p.out_w = (p.in_w + p.pad_left - p.filter_w) / p.stride_w + 1;
    p.offset = i % 2 == 0 ? 128 : 0;
    p.clamp_min = static_cast<int32_t>(random.Int(0, 1) * random.Int(0, 255));
    p.clamp_max = static_cast<int32_t>(random.Int(p.clamp_min, 255));
    const int64_t out_h = (p.in_h + p.pad_top - p.filter_h) / p.stride_h + 1;
    const int64_t out_y = random.Int(0, out_h - 1);
    const AlignedBuffer image = random.Bytes(p.in_h * p.in_w * p.channels);
    const int64_t count = p.out_w * p.channels;
    Output average(count), max(count);
    AveragePoolReference(p, image.data<uint8_t>(), out_y, average.data());
    MaxPoolReference(p, image.data<uint8_t>(), out_y, max.data());
    for (const Isa isa : Levels()) {
      Output a(count), m(count);
      ChooseAveragePool(isa).row(p, image.data<uint8_t>(), out_y, a.data());
      ChooseMaxPool(isa).row(p, image.data<uint8_t>(), out_y, m.data());
      INFO(NameOf(isa), ", window ", p.filter_h, " x ", p.filter_w, ", ", p.channels, " channels");
      CHECK(a.bytes == average.bytes);
      CHECK(m.bytes == max.bytes);
    }
  }
}

TEST_CASE("sums of columns: every level equals the reference") {
  Random random;
  for (int i = 0; i < 300; ++i) {
    const int64_t count = random.Int(1, i % 20 == 0 ? 5000 : 60), inner = AnyChannels(random);
    std::vector<int64_t> outputs, reduced;
    for (int64_t c = 0; c < inner; ++c) outputs.push_back(c);
    for (int64_t r = 0; r < count; ++r) reduced.push_back(r * inner);
    SumParams p;
    p.scale = {static_cast<int32_t>(random.Int(int64_t{1} << 30, (int64_t{1} << 31) - 1)),
               static_cast<int32_t>(random.Int(-3, 12))};
    if (i % 2 == 0) p.scale = MeanScale(p.scale, count);
    p.zero_sum = static_cast<int32_t>(count * random.Int(0, 255));
    p.output_zero = static_cast<int32_t>(random.Int(0, 255));
    p.clamp_max = 255;
    const AlignedBuffer src = random.Bytes(count * inner);
    Output expected(inner);
    ReduceSum(p, {outputs.data(), inner, reduced.data(), count}, src.data<uint8_t>(),
              expected.data());
    for (const Isa isa : Levels()) {
      Output y(inner);
      ChooseSumColumns(isa).run(p, src.data<uint8_t>(), count, inner, y.data());
      INFO(NameOf(isa), ", ", count, " rows of ", inner);
      CHECK(y.bytes == expected.bytes);
    }
  }
}

TEST_CASE("bilinear resizing: every level equals the reference") {
  Random random;
  for (int i = 0; i < 400; ++i) {
    BilinearParams p;
    p.in_w = random.Int(1, 9);
    p.channels = AnyChannels(random);
    p.out_w = random.Int(1, 20);
    p.row_bits = static_cast<int32_t>(random.Int(0, 10));
    p.column_bits = static_cast<int32_t>(random.Int(0, i % 2 == 0 ? 3 : 10));
    p.offset = i % 3 == 0 ? 0 : 128;
    if (p.offset == 0 && p.row_bits + p.column_bits > 13) p.row_bits = 3;
    std::vector<Neighbors> columns;
    for (int64_t x = 0; x < p.out_w; ++x) {
      const auto lower = static_cast<int32_t>(random.Int(0, p.in_w - 1));
      const bool border = random.Int(0, 3) == 0;
      const int32_t one = 1 << p.column_bits;
      const auto upper =
          border ? lower : static_cast<int32_t>(std::min<int64_t>(lower + 1, p.in_w - 1));
      columns.push_back(
          {lower, upper, static_cast<int32_t>(random.Int(lower == upper ? -one / 2 : 0, one / 2))});
    }
    p.columns = columns.data();
    const auto fraction = static_cast<int32_t>(random.Int(0, (1 << p.row_bits) - 1));
    const int64_t row = p.in_w * p.channels, count = p.out_w * p.channels;
    const AlignedBuffer lower = random.Bytes(row), upper = random.Bytes(row);
    AlignedBuffer blend(static_cast<size_t>(row + 64) * 4);
    Output expected(count);
    BilinearReference<uint8_t>(p, lower.data<uint8_t>(), upper.data<uint8_t>(), fraction, nullptr,
                               expected.data());
    for (const Isa isa : Levels()) {
      Output y(count);
      ChooseBilinear(isa).row(p, lower.data<uint8_t>(), upper.data<uint8_t>(), fraction,
                              blend.data<int32_t>(), y.data());
      INFO(NameOf(isa), ", ", p.channels, " channels, ", p.row_bits, "+", p.column_bits, " bits");
      CHECK(y.bytes == expected.bytes);
      CHECK(y.guarded());
    }
  }
}

TEST_CASE("softmax: of very many equal elements each is nothing") {
  ExponentialTable table;
  MakeExponentialTable({1 << 30, -20}, &table);
  const struct {
    int64_t depth;
    uint8_t probability;  // 256 / depth, rounded
  } cases[] = {{100, 3}, {255, 1}, {400, 1}, {511, 1}, {512, 0}, {1001, 0}, {4095, 0}, {5000, 0}};
  for (const auto& c : cases) {
    CAPTURE(c.depth);
    const std::vector<uint8_t> src(static_cast<size_t>(c.depth), 77);
    std::vector<uint8_t> got(src.size(), 99);
    SoftmaxReference(table, LookupReference, src.data(), 1, c.depth, got.data());
    CHECK(got == std::vector<uint8_t>(src.size(), c.probability));
  }
}

TEST_CASE("softmax: the tabulated form equals the reference") {
  Random random;
  ExponentialTable table;
  for (int i = 0; i < 300; ++i) {
    MakeExponentialTable(
        {static_cast<int32_t>(random.Int(int64_t{1} << 30, (int64_t{1} << 31) - 1)),
         static_cast<int32_t>(-random.Int(0, 31))},
        &table);
    const int64_t rows = random.Int(1, 3), depth = random.Int(1, i % 10 == 0 ? 9000 : 1100);
    const AlignedBuffer src = random.Bytes(rows * depth);
    Output expected(rows * depth);
    SoftmaxReference(table, LookupReference, src.data<uint8_t>(), rows, depth, expected.data());
    for (const Isa isa : Levels()) {
      Output y(rows * depth);
      SoftmaxTabulated(table, ChooseLookup(isa).run, src.data<uint8_t>(), rows, depth, y.data());
      CHECK(y.bytes == expected.bytes);
    }
  }
}

}  // namespace
}  // namespace integra::kernels
