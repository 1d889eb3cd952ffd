// Cases of the self-test: layers of weights.
#include <algorithm>

#include "kernels/conv2d.h"
#include "kernels/self_test_cases.h"

namespace integra::kernels::self_test {

namespace {

Bytes RunGemm(const Gemm& gemm, const GemmSource& src, int64_t rows, int64_t n) {
  Bytes y = Outputs(rows * n);
  const AlignedBuffer scratch(gemm.scratch_bytes());
  gemm.Run(src, rows, y.data(), n, scratch.data());
  return y;
}

}  // namespace

// One row and several; tails of vectors in both directions; depths that saturate in 16 bits and
// that fill 32; weights with a zero point; rows in two runs; small weights and values of which most
// are near the zero point, as kernels expect that multiply bytes.
void TestGemm(const KernelSet& kernels, Comparison& comparison) {
  struct Size {
    int64_t rows, n, segments, length;
    int32_t weight_zero_point = 0;
    bool small = false;
    int32_t src_zero_point = 131;
  };
  constexpr Size kSizes[] = {{1, 17, 1, 63},  {9, 32, 2, 32},           {11, 16, 1, 130, 3},
                             {1, 40, 1, 256}, {9, 48, 1, 27},           {7, 61, 1, 19},
                             {2, 5, 1, 1031}, {12, 50, 1, 76, 0, true}, {6, 40, 1, 64, 0, true, 0}};
  comparison.Begin("matrix product");
  for (const bool extreme : {false, true}) {
    Values values(extreme);
    for (const Size& size : kSizes) {
      GemmProblem p;
      p.n = size.n;
      p.segments = size.segments;
      p.segment_length = size.length;
      std::vector<int8_t> weights = values.Weights(p.n * p.depth());
      const std::vector<int32_t> bias = values.Words(p.n, 10000);
      p.weights = weights.data();
      p.weight_zero_point = size.weight_zero_point;
      p.src_zero_point = size.src_zero_point;
      p.bias = bias.data();
      p.stage = values.Stage(p.n, p.depth());
      p.max_rows = size.rows;
      Bytes x = values.Unsigned(size.rows * p.depth());
      if (size.small) {
        for (int8_t& w : weights) w = static_cast<int8_t>(w / 2);
        for (size_t i = 0; i < x.size(); ++i) {
          if (i % 41 != 0) x[i] = static_cast<uint8_t>(p.src_zero_point - 16 + x[i] / 8);
        }
      }
      std::vector<int32_t> rows, segments;
      for (int64_t i = 0; i < size.rows; ++i) rows.push_back(static_cast<int32_t>(i * p.depth()));
      for (int64_t i = 0; i < size.segments; ++i) {
        segments.push_back(static_cast<int32_t>(i * size.length));
      }
      const GemmSource src{x.data(), rows.data(), segments.data()};
      comparison.Compare(RunGemm(*kernels.gemm(p), src, size.rows, p.n),
                         RunGemm(*MakeReferenceGemm(p), src, size.rows, p.n), size.rows * p.n);
    }
  }
}

// Few channels, cut into blocks wherever, and many; strides 1 and 2.
void TestDepthwise(const KernelSet& kernels, Comparison& comparison) {
  struct Size {
    int64_t channels, width, stride;
  };
  constexpr Size kSizes[] = {{3, 11, 1}, {16, 5, 2}, {72, 4, 1}, {8, 9, 2}};
  constexpr int64_t kKernel = 3, kRows = 2;
  comparison.Begin("depthwise convolution");
  for (const bool extreme : {false, true}) {
    Values values(extreme);
    for (const Size& size : kSizes) {
      Conv2dParams c;
      c.depthwise = true;
      c.in_channels = c.out_channels = size.channels;
      c.src_zero_point = 120;
      c.y = {.input = 0, .output = kRows, .kernel = kKernel, .stride = size.stride};
      c.x = {.input = 0, .output = size.width, .kernel = kKernel, .stride = size.stride};
      c.y.input = c.y.reach(c.y.output);
      c.x.input = c.x.reach(c.x.output);
      const std::vector<int8_t> weights = values.Weights(kKernel * kKernel * size.channels);
      const std::vector<int32_t> bias = values.Words(size.channels, 10000);
      const Bytes image = values.Unsigned(c.y.input * c.x.input * size.channels);

      DepthwiseProblem p;
      p.channels = size.channels;
      p.out_width = size.width;
      p.kernel_y = p.kernel_x = kKernel;
      p.stride_y = p.stride_x = size.stride;
      p.plane = (c.x.input + size.stride - 1) / size.stride * size.channels;
      p.pitch = p.plane * size.stride;
      p.weights = weights.data();
      p.src_zero_point = c.src_zero_point;
      p.bias = bias.data();
      p.stage = values.Stage(size.channels, kKernel * kKernel);
      Bytes planes(static_cast<size_t>(c.y.input * p.pitch) + kReadPadding);
      for (int64_t y = 0; y < c.y.input; ++y) {
        for (int64_t x = 0; x < c.x.input; ++x) {
          std::copy_n(image.data() + (y * c.x.input + x) * size.channels, size.channels,
                      planes.data() + y * p.pitch + x % size.stride * p.plane +
                          x / size.stride * size.channels);
        }
      }
      const int64_t count = kRows * size.width * size.channels;
      Bytes got = Outputs(count), expected = Outputs(count);
      kernels.depthwise(p)->Run(planes.data(), kRows, got.data());
      ReferenceConv2d(c, image.data(), weights.data(), bias.data(), p.stage, expected.data());
      comparison.Compare(got, expected, count);
    }
  }
}

// Many tiles and few, whole ones and parts; channels that fill one vector and that leave a rest.
void TestWinograd(const KernelSet& kernels, std::span<const WinogradForm> forms,
                  Comparison& comparison) {
  struct Size {
    int64_t rows, columns, in, out;
  };
  constexpr Size kSizes[] = {{9, 13, 16, 16}, {5, 6, 33, 34}};
  comparison.Begin("Winograd convolution");
  for (const bool extreme : {false, true}) {
    Values values(extreme);
    for (const Size& size : kSizes) {
      GemmProblem p;
      p.n = size.out;
      p.segments = 3;
      p.segment_length = 3 * size.in;
      p.max_rows = size.rows * size.columns;
      const std::vector<int8_t> weights = values.Weights(p.n * p.depth());
      const std::vector<int32_t> bias = values.Words(p.n, 10000);
      p.weights = weights.data();
      p.src_zero_point = 131;
      p.bias = bias.data();
      p.stage = values.Stage(p.n, p.depth());
      // Whole tiles are read.
      const int64_t pitch = ((size.columns + 3) / 4 * 4 + 2) * size.in;
      const Bytes image = values.Unsigned(((size.rows + 3) / 4 * 4 + 2) * pitch);
      const int64_t count = p.max_rows * p.n;
      std::vector<int32_t> pixels, segments;
      for (int64_t i = 0; i < p.max_rows; ++i) {
        pixels.push_back(
            static_cast<int32_t>(i / size.columns * pitch + i % size.columns * size.in));
      }
      for (int64_t i = 0; i < 3; ++i) segments.push_back(static_cast<int32_t>(i * pitch));
      const GemmSource src{image.data(), pixels.data(), segments.data()};
      const Bytes expected = RunGemm(*MakeReferenceGemm(p), src, p.max_rows, p.n);
      for (const WinogradForm form : forms) {
        const auto winograd = kernels.winograd(p, form);
        if (winograd == nullptr) continue;
        Bytes got = Outputs(count);
        const AlignedBuffer scratch(winograd->scratch_bytes());
        winograd->Run({image.data(), pitch, size.rows, size.columns, 0, p.n}, got.data(),
                      size.columns * p.n, scratch.data());
        comparison.Compare(got, expected, count);
      }
    }
  }
}

void TestRequantize(const KernelSet& kernels, Comparison& comparison) {
  constexpr int64_t kRows = 3, kChannels = 37, kStride = 48;
  comparison.Begin("requantization");
  for (const bool extreme : {false, true}) {
    Values values(extreme);
    const int32_t largest = extreme ? 1 << 30 : 1 << 20;
    const std::vector<int32_t> sums = values.Words(kRows * kStride, largest);
    const std::vector<int32_t> terms = values.Words(kRows, 1000);
    const VectorOutputStage stage(values.Stage(kChannels, largest >> 14),
                                  values.Words(kChannels, 10000), PlainOrder(kChannels, 16),
                                  int64_t{largest} + 1000);
    Bytes got = Outputs(kRows * kChannels), expected = got;
    const auto run = [&](RequantizeFunction f, Bytes& y) {
      f(stage, 0, sums.data(), kStride, kRows, kChannels, terms.data(), y.data(), kChannels);
    };
    run(kernels.requantize, got);
    run(reference::Requantize, expected);
    comparison.Compare(got, expected, kRows * kChannels);
  }
}

}  // namespace integra::kernels::self_test
