// Functions of one operand, softmax among them.
#include "convert/tflite/families.h"

namespace integra::convert {

void ImportLeakyRelu(OperatorImport& o) {
  o.Set("alpha", static_cast<double>(o.options<tflite::LeakyReluOptions>().alpha()));
}

void ImportGelu(OperatorImport& o) {
  o.Set("approximate", o.options<tflite::GeluOptions>().approximate());
}

void ImportSoftmax(OperatorImport& o) {
  o.Set("beta", static_cast<double>(o.options<tflite::SoftmaxOptions>().beta()));
}

}  // namespace integra::convert
