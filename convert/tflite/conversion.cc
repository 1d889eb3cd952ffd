// Operators that change how numbers are held.
#include "convert/tflite/families.h"
#include "convert/tflite/tensors.h"

namespace integra::convert {

void ImportQuantize(OperatorImport& o) {
  if (!o.is_float(0)) o.SetRounding("double");
}

void ImportDequantize(OperatorImport& o) {
  if (!o.input(0).is_constant()) return;
  if (o.output(0).dtype != DataType::kFloat32 || o.output(0).shape != o.input(0).shape) {
    o.FailFile("the output has to be float32 of the input's shape");
  }
  o.FoldInto(Dequantize(o.input(0)));
}

}  // namespace integra::convert
