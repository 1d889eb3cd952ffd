#include "quantize/scheme.h"

#include <limits>

#include "base/error.h"
#include "base/fixed_point.h"

namespace integra::quantize {

const char* NameOf(Symmetry symmetry) {
  switch (symmetry) {
    case Symmetry::kSymmetricFull:
      return "symmetric_full";
    case Symmetry::kSymmetricRestricted:
      return "symmetric";
    case Symmetry::kAsymmetric:
      return "asymmetric";
  }
  return "?";
}

const char* NameOf(Granularity granularity) {
  switch (granularity) {
    case Granularity::kPerTensor:
      return "per_tensor";
    case Granularity::kPerChannel:
      return "per_channel";
    case Granularity::kPerGroup:
      return "per_group";
  }
  return "?";
}

std::optional<Symmetry> ParseSymmetry(std::string_view name) {
  for (const Symmetry s :
       {Symmetry::kSymmetricFull, Symmetry::kSymmetricRestricted, Symmetry::kAsymmetric}) {
    if (name == NameOf(s)) return s;
  }
  return std::nullopt;
}

std::optional<Granularity> ParseGranularity(std::string_view name) {
  for (const Granularity g :
       {Granularity::kPerTensor, Granularity::kPerChannel, Granularity::kPerGroup}) {
    if (name == NameOf(g)) return g;
  }
  return std::nullopt;
}

std::string WhyImpossible(const ActivationRecipe& activations) {
  const bool wide = activations.dtype == DataType::kInt16;
  if (wide && activations.symmetry == Symmetry::kAsymmetric) {
    return "int16 activations have no zero point; use \"symmetric\"";
  }
  if (activations.range.method == RangeMethod::kDynamic && (wide || activations.bits != 8)) {
    return "a dynamic range needs uint8 or int8 and all 8 bits";
  }
  return "";
}

Levels LevelsOf(Symmetry symmetry, int bits, DataType storage) {
  const int storage_bits = storage == DataType::kInt16 ? 16 : 8;
  if (bits < 2 || bits > storage_bits) {
    Fail(ErrorCode::kInvalidArgument, "cannot quantize to ", bits, " bits in ",
         integra::NameOf(storage), " storage: 2 to ", storage_bits, " bits are possible");
  }
  const int32_t half = int32_t{1} << (bits - 1);
  Levels levels{-half, half - 1, 0};
  if (symmetry == Symmetry::kSymmetricRestricted) levels.min = 1 - half;
  if (storage == DataType::kUInt8) {
    levels.min += half;
    levels.max += half;
    levels.symmetric_zero_point = half;
  }
  return levels;
}

QuantParams ChooseParams(Range range, Symmetry symmetry, int bits, DataType storage) {
  QuantParams params;
  params.levels = LevelsOf(symmetry, bits, storage);
  const Levels& levels = params.levels;
  const double low = std::min(range.low, 0.0);
  const double high = std::max(range.high, 0.0);
  const double steps = std::ldexp(1.0, bits) - 1;  // 2^b - 1
  double scale = 0;
  switch (symmetry) {
    case Symmetry::kSymmetricFull:
      scale = 2 * Range{low, high}.MaxAbs() / steps;
      break;
    case Symmetry::kSymmetricRestricted:
      scale = Range{low, high}.MaxAbs() / (std::ldexp(1.0, bits - 1) - 1);
      break;
    case Symmetry::kAsymmetric:
      scale = (high - low) / steps;
      break;
  }
  params.zero_point = levels.symmetric_zero_point;
  if (!(scale >= std::numeric_limits<float>::min())) return params;  // scale 1: only 0 is there
  params.scale =
      static_cast<float>(std::min(scale, static_cast<double>(std::numeric_limits<float>::max())));
  if (symmetry == Symmetry::kAsymmetric) {
    const double zero_point = levels.min - low / params.scale;
    params.zero_point =
        static_cast<int32_t>(Clamp(std::round(zero_point), double(levels.min), double(levels.max)));
  }
  return params;
}

Range RepresentedRange(const QuantParams& params) {
  return {DequantizeValue(params.levels.min, params), DequantizeValue(params.levels.max, params)};
}

}  // namespace integra::quantize
