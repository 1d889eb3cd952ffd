#include "convert/tflite/tensors.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <string>

#include "convert/text.h"
#include "graph/validation.h"

namespace integra::convert {
namespace {

using graph::kMaxElements;
using graph::kMaxRank;

std::optional<DataType> ToDataType(tflite::TensorType type) {
  switch (type) {
    case tflite::TensorType::FLOAT32:
      return DataType::kFloat32;
    case tflite::TensorType::INT8:
      return DataType::kInt8;
    case tflite::TensorType::UINT8:
      return DataType::kUInt8;
    case tflite::TensorType::INT16:
      return DataType::kInt16;
    case tflite::TensorType::INT32:
      return DataType::kInt32;
    case tflite::TensorType::INT64:
      return DataType::kInt64;
    case tflite::TensorType::BOOL:
      return DataType::kBool;
    default:
      return std::nullopt;
  }
}

float FromHalf(uint16_t half) {
  const int exponent = half >> 10 & 31;
  const int fraction = half & 1023;
  const float sign = half >> 15 ? -1.0f : 1.0f;
  if (exponent == 31) {
    return sign * (fraction == 0 ? std::numeric_limits<float>::infinity()
                                 : std::numeric_limits<float>::quiet_NaN());
  }
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
  return sign * std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
}

SharedBytes FromHalves(const SharedBytes& halves) {
  std::vector<float> values(halves.size() / sizeof(uint16_t));
  for (size_t i = 0; i < values.size(); ++i) values[i] = FromHalf(halves.as<uint16_t>()[i]);
  return SharedBytes::Own(std::move(values));
}

// Get(i), also where the elements are misaligned: the verifier looks at the length's place only.
int64_t Element(const flatbuffers::Vector<int64_t>& vector, size_t i) {
  int64_t value;
  std::memcpy(&value, vector.Data() + i * sizeof(value), sizeof(value));
  return flatbuffers::EndianScalar(value);
}

class TensorReader {
 public:
  TensorReader(const TfliteFile& file, size_t index)
      : file_(file), source_(file.tensor(index)), index_(index) {}

  graph::Tensor Read() {
    const auto* const name = source_.name();
    result_.name =
        name == nullptr || name->size() == 0 ? StrCat("tensor_", index_) : ValidUtf8(name->str());
    ReadShape();
    ReadType();
    ReadData();
    ReadQuantization();
    return std::move(result_);
  }

 private:
  template <typename... Parts>
  [[noreturn]] void FailFile(const Parts&... parts) const {
    file_.FailFile("tensor ", index_, " ('", result_.name, "'): ", parts...);
  }
  template <typename... Parts>
  [[noreturn]] void FailUnsupported(const Parts&... parts) const {
    file_.FailUnsupported("tensor ", index_, " ('", result_.name, "'): ", parts...);
  }

  void ReadShape() {
    if (source_.sparsity() != nullptr) FailUnsupported("sparse tensor");
    if (source_.shape() == nullptr) return;  // a scalar
    if (source_.shape()->size() > kMaxRank) {
      FailUnsupported(source_.shape()->size(), " dimensions, more than ", kMaxRank);
    }
    int64_t elements = 1;
    for (const int32_t dim : *source_.shape()) {
      result_.shape.push_back(dim);
      if (dim < 0) FailFile("dimension ", dim, " in the shape");
      elements *= dim;  // both are below 2^31
      if (elements > kMaxElements) FailUnsupported("too many elements");
    }
  }

  void ReadType() {
    const auto type = ToDataType(source_.type());
    if (type) {
      result_.dtype = *type;
    } else if (source_.type() == tflite::TensorType::FLOAT16 && source_.buffer() != 0) {
      result_.dtype = DataType::kFloat32;
    } else {
      const std::string name = tflite::EnumNameTensorType(source_.type());
      FailUnsupported("elements of type ",
                      name.empty() ? StrCat(static_cast<int>(source_.type())) : name);
    }
  }

  void ReadData() {
    SharedBytes data = file_.Data(source_);
    if (data.size() == 0) return;
    if (source_.is_variable()) FailFile("a variable with constant data");
    const bool half = source_.type() == tflite::TensorType::FLOAT16;
    const size_t element = half ? sizeof(uint16_t) : SizeOf(result_.dtype);
    const size_t expected = static_cast<size_t>(ElementCount(result_.shape)) * element;
    if (data.size() != expected) {
      FailFile("shape ", ToString(result_.shape), " needs ", expected, " bytes, but buffer ",
               source_.buffer(), " holds ", data.size());
    }
    result_.data = half ? FromHalves(data) : std::move(data);
    if (result_.dtype == DataType::kBool) {
      for (const std::byte b : result_.data.bytes) {
        if (b > std::byte{1}) FailFile("a bool is neither 0 nor 1");
      }
    }
  }

  void ReadQuantization() {
    const auto* const source = source_.quantization();
    if (source == nullptr) return;
    if (source->details_type() != tflite::QuantizationDetails::NONE) {
      FailUnsupported("custom or block-wise quantization");
    }
    const size_t scales = source->scale() == nullptr ? 0 : source->scale()->size();
    const size_t zeros = source->zero_point() == nullptr ? 0 : source->zero_point()->size();
    if (scales == 0) return;
    // Some converters leave a scale at float tensors, where it says nothing.
    if (result_.dtype == DataType::kFloat32) return;
    if (zeros != scales && zeros > 1) {
      FailFile(scales, " scales, but ", zeros, " zero points");
    }
    const int axis = source->quantized_dimension();
    if (scales > 1) {
      if (axis < 0 || axis >= static_cast<int>(result_.shape.size())) {
        FailFile("scales along dimension ", axis, " of ", result_.shape.size());
      }
      const int64_t channels = result_.shape[static_cast<size_t>(axis)];
      if (channels != static_cast<int64_t>(scales)) {
        FailFile(scales, " scales, but dimension ", axis, " has ", channels);
      }
      result_.quantization.axis = axis;
    }
    for (unsigned i = 0; i < scales; ++i) {
      const float scale = source->scale()->Get(i);
      if (!(scale >= 0) || !std::isfinite(scale)) FailFile("scale ", scale);
      const int64_t zero = zeros == 0 ? 0 : Element(*source->zero_point(), zeros == 1 ? 0 : i);
      if (zero < -32768 || zero > 65535) FailFile("zero point ", zero);
      result_.quantization.scale.push_back(scale);
      result_.quantization.zero_point.push_back(static_cast<int32_t>(zero));
    }
  }

  const TfliteFile& file_;
  const tflite::Tensor& source_;
  const size_t index_;
  graph::Tensor result_;
};

template <typename T>
SharedBytes DequantizeAs(const graph::Tensor& constant) {
  const Quantization& q = constant.quantization;
  size_t inner = 1;
  for (size_t d = static_cast<size_t>(q.axis) + 1; d < constant.shape.size(); ++d) {
    inner *= static_cast<size_t>(constant.shape[d]);
  }
  std::vector<float> values(constant.data.size() / sizeof(T));
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t c = q.per_channel() ? i / inner % q.scale.size() : 0;
    values[i] =
        q.scale[c] * static_cast<float>(int64_t{constant.data.as<T>()[i]} - q.zero_point[c]);
  }
  return SharedBytes::Own(std::move(values));
}

}  // namespace

graph::Tensor ImportTensor(const TfliteFile& file, size_t index) {
  return TensorReader(file, index).Read();
}

SharedBytes Dequantize(const graph::Tensor& constant) {
  switch (constant.dtype) {
    case DataType::kInt8:
      return DequantizeAs<int8_t>(constant);
    case DataType::kUInt8:
      return DequantizeAs<uint8_t>(constant);
    case DataType::kInt16:
      return DequantizeAs<int16_t>(constant);
    case DataType::kInt32:
      return DequantizeAs<int32_t>(constant);
    default:
      return constant.data;  // already real
  }
}

}  // namespace integra::convert
