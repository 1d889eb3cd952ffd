#include "tests/support/node_network.h"

namespace integra::test {

std::string TensorFields(const std::string& dtype, const std::string& shape,
                         const std::string& scale, const std::string& zero_point,
                         const std::string& data) {
  std::string fields = R"("dtype": ")" + dtype + '"';
  if (!shape.empty()) fields += R"(, "shape": )" + shape;
  if (!scale.empty()) {
    fields += R"(, "quantization": {"scale": )" + scale + R"(, "zero_point": )" + zero_point + "}";
  }
  if (!data.empty()) fields += R"(, "data": )" + data;
  return fields;
}

std::string NetworkText(const OneNode& node) {
  std::string tensors, inputs, outputs, activations;
  const auto join = [](std::string& list, const std::string& item) {
    list += (list.empty() ? "" : ", ") + item;
  };
  const auto quoted = [](char letter, size_t i) {
    return '"' + (letter + std::to_string(i)) + '"';
  };
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const std::string& fields = node.inputs[i];
    join(inputs, fields == "null" ? fields : quoted('x', i));
    if (fields == "null") continue;
    join(tensors, quoted('x', i) + ": {" + fields + "}");
    if (fields.find("\"data\"") == fields.npos) join(activations, quoted('x', i));
  }
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    join(tensors, quoted('y', i) + ": {" + node.outputs[i] + "}");
    join(outputs, quoted('y', i));
  }
  return R"({"format": "integra-network", "version": 1, "name": "one", "inputs": [)" + activations +
         R"(], "outputs": [)" + outputs + R"(], "tensors": {)" + tensors +
         R"(}, "nodes": [{"name": "n", "type": ")" + node.type + R"(", "inputs": [)" + inputs +
         R"(], "outputs": [)" + outputs + R"(], "attributes": {)" + node.attributes + "}}]}";
}

}  // namespace integra::test
