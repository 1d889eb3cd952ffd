// Operators of two operands that broadcast.
#include "convert/tflite/families.h"

namespace integra::convert {
namespace {

template <typename Options>
void ImportSum(OperatorImport& o) {
  const auto& options = o.options<Options>();
  o.SetActivation(options.activation());
  if (o.input(0).dtype == DataType::kInt16) o.Set("pot_scale_int16", options.pot_scale_int16());
}

}  // namespace

void ImportPlain(OperatorImport&) {}

void ImportAdd(OperatorImport& o) { ImportSum<tflite::AddOptions>(o); }
void ImportSub(OperatorImport& o) { ImportSum<tflite::SubOptions>(o); }

void ImportMul(OperatorImport& o) { o.SetActivation(o.options<tflite::MulOptions>().activation()); }
void ImportDiv(OperatorImport& o) { o.SetActivation(o.options<tflite::DivOptions>().activation()); }

}  // namespace integra::convert
