// Depthwise convolution of rows of channels-last pixels, with the output stage.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/isa.h"
#include "kernels/output_stage.h"

namespace integra::kernels {

struct DepthwiseProblem {
  int64_t channels = 1;  // of input and output alike
  int64_t out_width = 1;
  int64_t kernel_y = 1, kernel_x = 1;
  int64_t stride_y = 1, stride_x = 1;
  int64_t dilation_y = 1, dilation_x = 1;
  // Input rows are held in stride_x planes: column j at position j / stride_x of plane
  // j % stride_x. Pixels under the same tap of neighbouring outputs are then neighbours.
  int64_t pitch = 0;                // bytes from one input row to the next
  int64_t plane = 0;                // bytes from one plane to the next
  const int8_t* weights = nullptr;  // [kernel_y][kernel_x][channels]
  int32_t weight_zero_point = 0;    // of the int8 values
  int32_t src_zero_point = 0;       // stored domain
  const int32_t* bias = nullptr;    // [channels] or null
  OutputStage stage;

  int64_t taps() const { return kernel_y * kernel_x; }
  // Offset of a tap from the first one.
  int64_t tap_offset(int64_t ky, int64_t kx) const {
    const int64_t column = kx * dilation_x;
    return ky * dilation_y * pitch + column % stride_x * plane + column / stride_x * channels;
  }
};

// A depthwise convolution with its weights packed. Immutable: any number of threads may call Run.
class Depthwise {
 public:
  virtual ~Depthwise() = default;

  // Output row y, pixel x, channel c reads src[y * stride_y * pitch + x * channels + c +
  // tap_offset(ky, kx)]: padding is in the source already. dst is dense. Up to kReadPadding bytes
  // past the last pixel may be read (never used).
  virtual void Run(const uint8_t* src, int64_t rows, uint8_t* dst) const = 0;

  // The same without output stage: dst receives sum(x * (w - zw)) of stored values. Neither the
  // bias nor the source's zero point is in it: DepthwiseAddends() are to be added.
  virtual void Run(const uint8_t* src, int64_t rows, int32_t* dst) const = 0;

  virtual std::string name() const = 0;
  virtual size_t bytes() const = 0;  // of packed weights
};

// The first of the candidates that this instruction set has.
std::unique_ptr<const Depthwise> MakeDepthwise(const DepthwiseProblem& problem, Isa isa);

std::unique_ptr<const Depthwise> MakePortableDepthwise(const DepthwiseProblem& problem);
std::unique_ptr<const Depthwise> MakeSse41Depthwise(const DepthwiseProblem& problem);
std::unique_ptr<const Depthwise> MakeAvx2Depthwise(const DepthwiseProblem& problem);
std::unique_ptr<const Depthwise> MakeVnni256Depthwise(const DepthwiseProblem& problem);  // or null
// Null where a weight less its zero point is 255, which is no sum of two signed bytes.
std::unique_ptr<const Depthwise> MakeAvx512VnniDepthwise(const DepthwiseProblem& problem);

// bias - zx * sum(w - zw), per channel.
std::vector<int32_t> DepthwiseAddends(const DepthwiseProblem& problem);

// A bound of |sum(x * (w - zw))| over all sources and channels.
int64_t LargestSum(const DepthwiseProblem& problem);

// The output stage on vectors of a Depthwise's sums.
VectorOutputStage DepthwiseStage(const DepthwiseProblem& problem, std::vector<int64_t> order,
                                 VectorOutputStage::Join join = VectorOutputStage::Join::kBlend);

// How vector kernels walk along a row. Few channels: a row is one run of out_width * channels
// bytes, cut into blocks wherever; which channel a block begins with (its phase) then repeats. Many
// channels: each pixel is cut by itself.
struct DepthwiseBlock {
  int32_t offset = 0;  // of the first byte, under the first tap and in the output row alike
  int32_t phase = 0;   // index into `phases`
  int32_t valid = 0;   // bytes to write
};
struct DepthwiseBlocks {
  std::vector<DepthwiseBlock> blocks;
  std::vector<int64_t> phases;  // first channel of each phase
  bool wraps = false;  // channel c is followed by (c + 1) % channels; else blocks end there
};
DepthwiseBlocks CutIntoBlocks(const DepthwiseProblem& problem, int64_t block_bytes);

// Channel at byte `i` of a block, -1 for none.
int64_t ChannelAt(const DepthwiseBlocks& cut, const DepthwiseProblem& problem, int64_t phase,
                  int64_t i);

// The byte at lane 4*L + i of vector v, when blocks of 16-byte lanes were interleaved twice: 8-bit
// unpack, then 16-bit unpack. Packing back from 32 to 8 bits restores the order.
inline int64_t InterleavedByte(int64_t v, int64_t lane) {
  return 16 * (lane / 4) + 4 * v + lane % 4;
}

}  // namespace integra::kernels
