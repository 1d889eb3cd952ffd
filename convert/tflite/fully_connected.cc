// fully_connected.
#include "convert/tflite/families.h"

namespace integra::convert {

void ImportFullyConnected(OperatorImport& o) {
  const auto& options = o.options<tflite::FullyConnectedOptions>();
  if (options.weights_format() != tflite::WeightsFormat::DEFAULT) {
    o.FailUnsupported("shuffled weights");
  }
  o.Set("keep_dims", options.keep_num_dims());
  o.SetActivation(options.activation());
  if (o.is_float(0)) {
    o.DequantizeConstant(1);
    o.DequantizeConstant(2);
  } else {
    o.SetRounding("single");
  }
}

}  // namespace integra::convert
