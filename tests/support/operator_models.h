// A small valid .tflite network for every operator that Integra imports.
#pragma once

#include <string>
#include <vector>

#include "tests/support/tflite_model.h"

namespace integra::test {

std::vector<ModelT> OperatorModels();

// An LSTM with LiteRT's 24 operands, of int8 or float numbers.
ModelT LstmModel(bool quantized);

}  // namespace integra::test
