// Recurrent layers.
#include "convert/tflite/families.h"

namespace integra::convert {

// LiteRT's 24 operands. The states (18, 19) are variables that LiteRT keeps from one run to the
// next; here every run is one whole sequence from zero states, so they are left out.
void ImportUnidirectionalSequenceLstm(OperatorImport& o) {
  const auto& options = o.options<tflite::UnidirectionalSequenceLSTMOptions>();
  const auto refuse = [&](size_t first, size_t end, const char* what) {
    for (size_t i = first; i < end; ++i) {
      if (o.has_input(i)) o.FailUnsupported("an LSTM with ", what);
    }
  };
  refuse(9, 12, "peepholes");
  refuse(16, 18, "a projection");
  refuse(20, 24, "layer normalization");
  if (!o.has_input(1)) o.FailUnsupported("an LSTM whose input and forget gates are coupled");
  if (options.diagonal_recurrent_tensors()) o.FailUnsupported("diagonal recurrent weights");
  if (options.activation() != tflite::Activation::TANH) {
    o.FailUnsupported("an LSTM with activation ", tflite::EnumNameActivation(options.activation()));
  }
  o.Set("time_major", options.time_major());
  o.Set("cell_clip", static_cast<double>(options.cell_clip()));
  if (o.is_float(0)) {
    for (size_t i = 1; i < 16; ++i) o.DequantizeConstant(i);
  } else {
    const graph::Tensor& cell = o.input(19);
    if (cell.quantization.scale.size() != 1) o.FailFile("the cell state needs one scale");
    o.Set("cell_scale", static_cast<double>(cell.quantization.scale[0]));
    // Without a projection the output is the hidden state itself.
    const graph::Tensor& state = o.input(18);
    if (state.quantization.scale != o.output(0).quantization.scale ||
        state.quantization.zero_point != o.output(0).quantization.zero_point) {
      o.FailUnsupported("an output state with another scale than the output");
    }
  }
  o.KeepInputs({0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 14, 15});
}

}  // namespace integra::convert
