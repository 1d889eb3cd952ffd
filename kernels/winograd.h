// 3 x 3 convolutions with stride 1 by Winograd's minimal filtering F(4 x 4, 3 x 3): 36 products per
// channel pair for 4 x 4 outputs instead of 144 (A. Lavin, S. Gray, "Fast Algorithms for
// Convolutional Neural Networks", arXiv:1509.09308, section 4). The sums are exact:
//
//   y = At [ (G w Gt) * (Bt x B) ] A       * elementwise, summed over input channels
//
// Bt holds integers. G and At hold fractions, so their rows are multiplied until they are integers,
// which makes the result 24 * 24 * y:
//
//        4  0 -5  0  1  0           6   0   0
//        0 -4 -4  1  1  0          -4  -4  -4             1  1  1  1  1  0
//   Bt = 0  4 -4 -1  1  0     G  = -4   4  -4        At = 0  1 -1  2 -2  0
//        0 -2 -1  2  1  0           1   2   4             0  1  1  4  4  0
//        0  2 -1 -2  1  0           1  -2   4             0  1 -1  8 -8  2
//        0  4  0 -5  0  1           0   0  12
//
// Transformed sources and weights fit in 16 bits, and everything after them is computed modulo
// 2^32. There 9 has an inverse, so 576 * y becomes 64 * y; where |y| < 2^25 a shift by 6 gives y.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "kernels/gemm.h"
#include "kernels/isa.h"

namespace integra::kernels {

// Outputs that are made at once: rows x columns pixels, in tiles of 4 x 4, of the output channels
// [first, last).
struct WinogradPart {
  // The pixel at the first output's first tap. It is followed by two rows and two columns more than
  // the outputs rounded up to whole tiles; rows are `src_pitch` bytes apart. Up to kReadPadding
  // bytes past a pixel may be read (never used).
  const uint8_t* src;
  int64_t src_pitch;
  int64_t rows, columns;
  int64_t first, last;  // multiples of kWinogradChannels, but for the last channel
};

// A 3 x 3 convolution with its weights transformed and packed. Immutable: any number of threads may
// call Run.
class Winograd {
 public:
  virtual ~Winograd() = default;

  // Pixel (y, x) goes to dst + y * dst_pitch + x * n. `scratch` has scratch_bytes().
  virtual void Run(const WinogradPart& part, uint8_t* dst, int64_t dst_pitch,
                   std::byte* scratch) const = 0;

  // The same without output stage: sum((x - 128) * (w - zw)) of stored values, pitches in values.
  // WinogradAddends() are to be added.
  virtual void Run(const WinogradPart& part, int32_t* dst, int64_t dst_pitch,
                   std::byte* scratch) const = 0;

  virtual std::string name() const = 0;
  virtual size_t scratch_bytes() const = 0;
  virtual size_t bytes() const = 0;  // of transformed weights
};

constexpr int64_t kWinogradTile = 4;          // outputs of a tile, in each direction
constexpr int64_t kWinogradProducts = 6 * 6;  // of a tile
constexpr int64_t kWinogradChannels = 16;     // output channels that kernels take at once

// Of AVX512-VNNI's two kernels: vectors of one tile or of four. Other instruction sets have one.
enum class WinogradForm { kBest, kTiles, kQuads };

// The kernel for this instruction set, or null: where it has none, where sums or weights are too
// large, or where it would not be faster than a Gemm: of `form` kBest as far as is known, of the
// others only for so few channels that it never is. Of `problem`, segments is 3: the rows of the
// taps.
std::unique_ptr<const Winograd> MakeWinograd(const GemmProblem& problem, Isa isa,
                                             WinogradForm form = WinogradForm::kBest);

std::unique_ptr<const Winograd> MakeSse41Winograd(const GemmProblem& problem);
std::unique_ptr<const Winograd> MakeAvx2Winograd(const GemmProblem& problem);
std::unique_ptr<const Winograd> MakeVnni256Winograd(const GemmProblem& problem);
// Two ways: four tiles and four output channels to a vector, or 16 output channels of a tile, which
// is faster where HasHalfWidth512().
std::unique_ptr<const Winograd> MakeAvx512VnniQuadWinograd(const GemmProblem& problem);
std::unique_ptr<const Winograd> MakeAvx512VnniTileWinograd(const GemmProblem& problem);

// Whether transformed weights fit in 16 bits and |sum((x - 128) * (w - zw))| < 2^25 for all
// sources.
bool WinogradIsExact(const GemmProblem& problem);

// G w Gt of all weights less their zero point, for blocks of `width` output channels:
// [block][row of products][column of products][step][width][2], where a step is two input channels.
// What is behind the last channel is 0.
AlignedBuffer WinogradWeights(const GemmProblem& problem, int64_t width);

// The same as [block][column of products][row of products][step][width][2], for input channels
// rounded up to a multiple of `multiple`.
AlignedBuffer WinogradWeightsByColumns(const GemmProblem& problem, int64_t width, int64_t multiple);
// And as [block][column of products][step][row of products][width][2].
AlignedBuffer WinogradWeightsBySteps(const GemmProblem& problem, int64_t width, int64_t multiple);

// What has to be added to sum((x - 128) * (w - zw)): see GemmAddends.
std::vector<int32_t> WinogradAddends(const GemmProblem& problem);

// The output stage on vectors of these sums, channels in order.
VectorOutputStage WinogradOutputStage(const GemmProblem& problem);

}  // namespace integra::kernels
