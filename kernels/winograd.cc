#include "kernels/winograd.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

namespace integra::kernels {
namespace {

// Input channels at a time: loops over them become vectors.
constexpr int64_t kChannels = 16;
using Values = std::array<int16_t, kChannels>;

// G of rows of three taps.
std::array<Values, 6> TransformTaps(const Values& a, const Values& b, const Values& c) {
  std::array<Values, 6> to = {};
  for (size_t i = 0; i < kChannels; ++i) {
    const int outer = a[i] + c[i], wide = a[i] + 4 * c[i];
    to[0][i] = static_cast<int16_t>(6 * a[i]);
    to[1][i] = static_cast<int16_t>(-4 * (outer + b[i]));
    to[2][i] = static_cast<int16_t>(-4 * (outer - b[i]));
    to[3][i] = static_cast<int16_t>(wide + 2 * b[i]);
    to[4][i] = static_cast<int16_t>(wide - 2 * b[i]);
    to[5][i] = static_cast<int16_t>(12 * c[i]);
  }
  return to;
}

// The largest factor of G w Gt: 12 in each direction.
constexpr int32_t kLargestGain = 12 * 12;

using Products = std::array<std::array<Values, 6>, 6>;  // [x][y]

// G w Gt of `count` input channels, the first one's first tap at `w`.
Products TransformWeights(const GemmProblem& p, const int8_t* w, int64_t count) {
  const int64_t channels = p.segment_length / 3;
  std::array<std::array<Values, 6>, 3> rows = {};  // [ky][x]
  for (size_t ky = 0; ky < 3; ++ky) {
    std::array<Values, 3> taps = {};
    for (size_t kx = 0; kx < 3; ++kx, w += channels) {
      for (int64_t i = 0; i < count; ++i) {
        taps[kx][static_cast<size_t>(i)] = static_cast<int16_t>(w[i] - p.weight_zero_point);
      }
    }
    rows[ky] = TransformTaps(taps[0], taps[1], taps[2]);
  }
  Products products = {};
  for (size_t x = 0; x < 6; ++x) products[x] = TransformTaps(rows[0][x], rows[1][x], rows[2][x]);
  return products;
}

// Of packed weights: values from one product to the one below it, to the one beside it, and from
// one step to the next.
struct Strides {
  int64_t row, column, step;
};

void Pack(const Products& products, int64_t count, const Strides& strides, int16_t* to) {
  for (size_t y = 0; y < 6; ++y) {
    for (size_t x = 0; x < 6; ++x) {
      int16_t* at =
          to + static_cast<int64_t>(y) * strides.row + static_cast<int64_t>(x) * strides.column;
      for (int64_t k = 0; k < count; k += 2, at += strides.step) {
        // Behind the last channel there are zeros.
        std::memcpy(at, products[x][y].data() + k, 2 * sizeof(int16_t));
      }
    }
  }
}

// A block of `width` output channels takes the values of kWinogradProducts products of `steps`.
AlignedBuffer PackWeights(const GemmProblem& p, int64_t width, int64_t steps,
                          const Strides& strides) {
  const int64_t channels = p.segment_length / 3;
  const int64_t values = kWinogradProducts * steps * width * 2;  // of a block
  const int64_t blocks = (p.n + width - 1) / width;
  AlignedBuffer packed(static_cast<size_t>(blocks * values) * sizeof(int16_t));
  // A few input channels of a whole block at a time: what is written stays in the cache.
  for (int64_t block = 0; block < blocks; ++block) {
    int16_t* to = packed.data<int16_t>() + block * values;
    for (int64_t k = 0; k < channels; k += kChannels) {
      const int64_t count = std::min(kChannels, channels - k);
      for (int64_t n = 0; n < std::min(width, p.n - block * width); ++n) {
        const int8_t* w = p.weights + (block * width + n) * p.depth() + k;
        Pack(TransformWeights(p, w, count), count, strides, to + k / 2 * strides.step + n * 2);
      }
    }
  }
  return packed;
}

// Of two input channels each, which are rounded up to a multiple of `multiple`.
int64_t StepsOf(const GemmProblem& p, int64_t multiple) {
  return (p.segment_length / 3 + multiple - 1) / multiple * multiple / 2;
}

// With sources counted from 128.
GemmProblem Centred(GemmProblem problem) {
  problem.src_zero_point -= 128;
  return problem;
}

}  // namespace

bool WinogradIsExact(const GemmProblem& p) {
  int64_t largest_sum = 0;
  int32_t largest = 0;
  for (int64_t n = 0; n < p.n; ++n) {
    int64_t sum = 0;
    for (int64_t k = 0; k < p.depth(); ++k) {
      const int32_t w = std::abs(p.weights[n * p.depth() + k] - p.weight_zero_point);
      largest = std::max(largest, w);
      sum += w;
    }
    largest_sum = std::max(largest_sum, sum);
  }
  return largest * kLargestGain <= INT16_MAX && 128 * largest_sum < (1 << 25);
}

AlignedBuffer WinogradWeights(const GemmProblem& p, int64_t width) {
  const int64_t steps = StepsOf(p, 2), product = steps * width * 2;
  return PackWeights(p, width, steps, {6 * product, product, width * 2});
}

AlignedBuffer WinogradWeightsByColumns(const GemmProblem& p, int64_t width, int64_t multiple) {
  const int64_t steps = StepsOf(p, multiple), product = steps * width * 2;
  return PackWeights(p, width, steps, {product, 6 * product, width * 2});
}

AlignedBuffer WinogradWeightsBySteps(const GemmProblem& p, int64_t width, int64_t multiple) {
  const int64_t steps = StepsOf(p, multiple), row = width * 2;
  return PackWeights(p, width, steps, {row, steps * 6 * row, 6 * row});
}

std::vector<int32_t> WinogradAddends(const GemmProblem& problem) {
  return GemmAddends(Centred(problem));
}

VectorOutputStage WinogradOutputStage(const GemmProblem& problem) {
  return GemmStage(Centred(problem), PlainOrder(problem.n, kWinogradChannels));
}

#ifdef INTEGRA_X86
namespace {

// Whether channels fill vectors of 16 well. The direct products pad only output channels.
bool FillsVectors(int64_t in, int64_t out) {
  const auto whole = [](int64_t channels) { return (channels + 15) / 16 * 16; };
  return std::min(in, out) >= 32 || 4 * in * out >= 3 * whole(in) * whole(out);
}

}  // namespace
#endif

std::unique_ptr<const Winograd> MakeWinograd(const GemmProblem& problem, Isa isa,
                                             WinogradForm form) {
#ifdef INTEGRA_X86
  // Fewer channels do not pay for the transforms.
  const int64_t in = problem.segment_length / 3, out = problem.n;
  if (std::min(in, out) >= 16 && isa >= Isa::kSse41 && WinogradIsExact(problem)) {
    if (isa < Isa::kAvx2) return MakeSse41Winograd(problem);
    if (isa == Isa::kAvx2Vnni) {
      if (auto made = MakeVnni256Winograd(problem)) return made;
    }
    if (isa < Isa::kAvx512Vnni) return MakeAvx2Winograd(problem);
    if (form == WinogradForm::kBest) {
      // Direct products take bytes here, twice as many at a time.
      if (!FillsVectors(in, out)) return nullptr;
      form = HasHalfWidth512() ? WinogradForm::kTiles : WinogradForm::kQuads;
    }
    return form == WinogradForm::kTiles ? MakeAvx512VnniTileWinograd(problem)
                                        : MakeAvx512VnniQuadWinograd(problem);
  }
#endif
  (void)problem, (void)isa, (void)form;
  return nullptr;
}

}  // namespace integra::kernels
