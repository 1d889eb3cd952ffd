#include "tests/support/golden_source.h"

#include <cstring>
#include <stdexcept>

#include "convert/convert.h"
#include "kernels/float/quantization.h"
#include "runtime/float/grid.h"

namespace integra::test {

Network Import(const std::filesystem::path& model) { return Network(convert::ImportTflite(model)); }

void GoldenSource::Read(int64_t i, const std::vector<TensorInfo>& inputs,
                        std::span<const std::span<std::byte>> buffers) {
  for (size_t k = 0; k < buffers.size(); ++k) {
    const std::span<const std::byte> sample = golden_.inputs.at(k).slices(i);
    if (inputs[k].dtype == inputs_[k].dtype) {
      std::memcpy(buffers[k].data(), sample.data(), buffers[k].size());
      continue;
    }
    graph::Tensor tensor;
    static_cast<TensorInfo&>(tensor) = inputs_[k];
    const size_t elements = sample.size() / SizeOf(tensor.dtype);
    if (inputs[k].dtype != DataType::kFloat32 || buffers[k].size() != elements * sizeof(float)) {
      throw std::runtime_error("the networks do not have the same inputs");
    }
    floats::DequantizeAs(tensor.dtype, floats::GridOf(tensor), sample.data(), 0,
                         reinterpret_cast<float*>(buffers[k].data()));
  }
}

}  // namespace integra::test
