// Classifies a handwritten digit with integers only.
//
//   classify FOLDER     FOLDER: a quantized digits network, for example models/digits
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <vector>

#include "digit.h"
#include "integra/integra.hpp"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: classify FOLDER\n");
    return 2;
  }
  try {
    // A network is loaded once. Any number of sessions, one for each thread, can share it.
    const integra::Network network = integra::Network::Load(argv[1]);
    integra::Session session(network);

    // Buffers are the caller's. This network has one input, [1, 8, 8, 1], and one output, [1, 10].
    const integra::TensorInfo& in = session.inputs().at(0);
    const integra::TensorInfo& out = session.outputs().at(0);
    std::vector<std::byte> image(static_cast<size_t>(integra::ElementCount(in.shape)) *
                                 integra::SizeOf(in.dtype));
    std::vector<std::byte> scores(static_cast<size_t>(integra::ElementCount(out.shape)) *
                                  integra::SizeOf(out.dtype));

    // real = scale * (q - zero_point). The network takes pixels from 0 to 255.
    if (in.quantization.empty() || image.size() != std::size(kDigit)) {
      std::fprintf(stderr, "%s is not a quantized digits network\n", argv[1]);
      return 2;
    }
    const bool is_signed = in.dtype == integra::DataType::kInt8;
    for (size_t i = 0; i < image.size(); ++i) {
      const float real = static_cast<float>(kDigit[i]) * 255 / 16;
      const long q = std::lround(real / in.quantization.scale[0]) + in.quantization.zero_point[0];
      image[i] =
          static_cast<std::byte>(std::clamp(q, is_signed ? -128L : 0L, is_signed ? 127L : 255L));
    }

    // Run: one span for each input and output.
    const std::span<const std::byte> inputs[] = {image};
    const std::span<std::byte> outputs[] = {scores};
    session.Run(inputs, outputs);

    // The largest score is the digit. Comparing needs no dequantization.
    int best = 0;
    int best_score = -1000;
    for (int digit = 0; digit < static_cast<int>(scores.size()); ++digit) {
      const auto byte = static_cast<uint8_t>(scores[static_cast<size_t>(digit)]);
      const int score = out.dtype == integra::DataType::kInt8 ? static_cast<int8_t>(byte) : byte;
      if (score > best_score) {
        best = digit;
        best_score = score;
      }
    }
    std::printf("digit: %d\n", best);
    return 0;
  } catch (const integra::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
}
