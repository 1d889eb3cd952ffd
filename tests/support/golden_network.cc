#include "tests/support/golden_network.h"

#include <fstream>
#include <nlohmann/json.hpp>

namespace integra::test {
namespace {

std::vector<Array> ReadNumbered(const std::filesystem::path& folder, const std::string& stem) {
  std::vector<Array> arrays;
  for (size_t i = 0;; ++i) {
    const auto path = folder / (stem + std::to_string(i) + ".npy");
    if (!std::filesystem::exists(path)) return arrays;
    arrays.push_back(ReadNpy(path));
  }
}

}  // namespace

GoldenNetwork LoadGolden(const std::filesystem::path& data, const std::string& name) {
  const auto folder = data / "goldens" / name;
  GoldenNetwork golden;
  golden.name = name;
  golden.model = data / "models" / (name + ".tflite");
  golden.inputs = ReadNumbered(folder, "input");
  golden.outputs = ReadNumbered(folder, "output");
  if (std::filesystem::exists(folder / "tensors.json")) {
    const auto names = nlohmann::json::parse(std::ifstream(folder / "tensors.json"));
    for (auto& [key, array] : ReadNpz(folder / "tensors.npz")) {
      golden.tensors[names.at(key).at("name")] = std::move(array);
    }
  }
  return golden;
}

}  // namespace integra::test
