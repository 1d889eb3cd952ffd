// Functions of one operand, softmax among them.
#include "convert/tflite/families.h"

namespace integra::convert {

void ImportLeakyRelu(OperatorImport& o) {
  o.Set("alpha", static_cast<double>(o.options<tflite::LeakyReluOptions>().alpha()));
}

void ImportGelu(OperatorImport& o) {
  o.Set("approximate", o.options<tflite::GeluOptions>().approximate());
}

// A fused activation is refused, as LiteRT refuses it.
void ImportL2Normalization(OperatorImport& o) {
  const tflite::Activation activation = o.options<tflite::L2NormOptions>().activation();
  if (activation != tflite::Activation::NONE) {
    o.FailUnsupported("fused activation ", static_cast<int>(activation));
  }
}

void ImportSoftmax(OperatorImport& o) {
  o.Set("beta", static_cast<double>(o.options<tflite::SoftmaxOptions>().beta()));
}

}  // namespace integra::convert
