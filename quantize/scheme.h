// Uniform quantization: from a range of real numbers to a scale and a zero point, and from real
// numbers to integers.
//
// Formulas: Gholami et al. 2021, "A Survey of Quantization Methods for Efficient Neural Network
// Inference", section III, for b bits:
//   symmetric, full range        S = 2 max|r| / (2^b - 1),      q in [-2^(b-1), 2^(b-1) - 1]
//   symmetric, restricted range  S = max|r| / (2^(b-1) - 1),    q in [-(2^(b-1) - 1), 2^(b-1) - 1]
//   asymmetric                   S = (beta - alpha) / (2^b - 1), q in all 2^b values
// The survey writes Q(r) = Int(r / S) - Z. Integra, like the rest of the ecosystem, writes
// real = S (q - zero_point): zero_point is minus the survey's Z.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "integra/quantize.hpp"
#include "integra/tensor.hpp"

namespace integra::quantize {

const char* NameOf(Symmetry symmetry);        // "symmetric_full", "symmetric", "asymmetric"
const char* NameOf(Granularity granularity);  // "per_tensor", "per_channel", "per_group"
std::optional<Symmetry> ParseSymmetry(std::string_view name);
std::optional<Granularity> ParseGranularity(std::string_view name);

// Why no tensor can have activations like these, as a sentence; "" where some can.
std::string WhyImpossible(const ActivationRecipe& activations);

// A closed interval of real numbers that are to be represented.
struct Range {
  double low = 0;
  double high = 0;
  double MaxAbs() const { return std::max(std::abs(low), std::abs(high)); }
  bool operator==(const Range&) const = default;
};

// The integers that a scheme uses, as stored in `storage` (int8, uint8 or int16). Unsigned storage
// holds q + 2^(b-1): its symmetric zero point is 2^(b-1).
struct Levels {
  int32_t min = 0;
  int32_t max = 0;
  int32_t symmetric_zero_point = 0;
  bool operator==(const Levels&) const = default;
};
Levels LevelsOf(Symmetry symmetry, int bits, DataType storage);

// What quantizes one tensor, channel or group.
struct QuantParams {
  float scale = 1;
  int32_t zero_point = 0;
  Levels levels;
  bool operator==(const QuantParams&) const = default;
};

// Scale and zero point for `range`. The range is widened to hold 0, which every scheme represents
// exactly (padding and ReLU need that). The scale is rounded to float32, as network files hold it.
// An empty range ([0, 0]: a constant zero, a dead channel) or one too small for a normal float32
// scale gets the scale 1 and represents 0 only. `range` must be finite.
QuantParams ChooseParams(Range range, Symmetry symmetry, int bits, DataType storage);

// round(real / scale) + zero_point, half away from zero, clamped to the levels.
inline int32_t QuantizeValue(double real, const QuantParams& params) {
  const double steps =
      std::clamp(real / params.scale, double(params.levels.min) - params.zero_point,
                 double(params.levels.max) - params.zero_point);
  // Adding the largest number below a half and dropping the fraction is std::round() without a
  // call.
  constexpr double kAlmostHalf = 0.49999999999999994;
  return static_cast<int32_t>(steps + std::copysign(kAlmostHalf, steps)) + params.zero_point;
}

inline double DequantizeValue(int32_t q, const QuantParams& params) {
  return static_cast<double>(params.scale) * (q - params.zero_point);
}

// The interval that the levels reach: [scale * (min - zero_point), scale * (max - zero_point)].
Range RepresentedRange(const QuantParams& params);

}  // namespace integra::quantize
