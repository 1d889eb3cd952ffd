// Import of .tflite files.
#include "convert/convert.h"
#include "integra/error.hpp"
#include "tests/fuzz/targets.h"
#include "tests/support/operator_models.h"

namespace integra::fuzz {

void RunTflite(BytesView input) {
  try {
    convert::ImportTflite(input, "fuzz.tflite");
  } catch (const Error&) {
  }
}

std::vector<Bytes> TfliteSeeds() {
  std::vector<Bytes> seeds;
  for (const test::ModelT& model : test::OperatorModels()) seeds.push_back(test::Build(model));
  seeds.push_back(test::Build(test::ReshapeModel({4, -1})));
  return seeds;
}

}  // namespace integra::fuzz
