// Windows without weights, and reductions.
#include "convert/tflite/families.h"

namespace integra::convert {

void ImportPool2d(OperatorImport& o) {
  const auto& options = o.options<tflite::Pool2DOptions>();
  SetWindow(o, options.padding(), {options.filter_height(), options.stride_h()},
            {options.filter_width(), options.stride_w()});
  o.Set("filter", std::vector<int64_t>{options.filter_height(), options.filter_width()});
  o.SetActivation(options.activation());
}

void ImportReduction(OperatorImport& o) {
  o.Set("axes", o.Constant(1));
  o.Set("keep_dims", o.options<tflite::ReducerOptions>().keep_dims());
  o.KeepInputs({0});
}

void ImportArgMax(OperatorImport& o) {
  o.Set("axis", o.ConstantScalar(1));
  o.KeepInputs({0});
}

}  // namespace integra::convert
