// The recipes that the tables of docs/QUANTIZATION.md compare.
#pragma once

#include <string>
#include <vector>

namespace integra {

struct NamedRecipe {
  std::string name;
  std::string json;
};

inline std::vector<NamedRecipe> StandardRecipes() {
  return {
      {"default", "{}"},
      // How the range of activations is chosen.
      {"activations: min-max", R"({"activations": {"range": "minmax"}})"},
      {"activations: moving average", R"({"activations": {"range": "moving_average"}})"},
      {"activations: percentile 99.99", R"({"activations": {"range": "percentile"}})"},
      {"activations: percentile 99.9",
       R"({"activations": {"range": "percentile", "percentile": 99.9}})"},
      {"activations: entropy", R"({"activations": {"range": "entropy"}})"},
      // Schemes.
      {"activations: symmetric", R"({"activations": {"symmetry": "symmetric"}})"},
      {"activations: symmetric full range", R"({"activations": {"symmetry": "symmetric_full"}})"},
      {"weights: symmetric full range", R"({"weights": {"symmetry": "symmetric_full"}})"},
      {"weights: MSE range", R"({"weights": {"range": "mse"}})"},
      {"weights: per group of 8", R"({"weights": {"granularity": "per_group", "group": 8}})"},
      {"weights: per tensor", R"({"weights": {"granularity": "per_tensor"}})"},
      {"weights: per tensor, asymmetric",
       R"({"weights": {"granularity": "per_tensor", "symmetry": "asymmetric"}})"},
      // Helpers.
      {"per tensor + equalisation",
       R"({"weights": {"granularity": "per_tensor"}, "equalize": true})"},
      {"per tensor + bias correction",
       R"({"weights": {"granularity": "per_tensor"}, "bias_correction": true})"},
      {"per tensor + equalisation + bias correction",
       R"({"weights": {"granularity": "per_tensor"}, "equalize": true, "bias_correction": true})"},
      {"per channel + bias correction", R"({"bias_correction": true})"},
      {"per channel + AdaRound", R"({"weights": {"rounding": "adaround"}})"},
      // Fewer bits.
      {"6-bit weights", R"({"weights": {"bits": 6}})"},
      {"6-bit weights + AdaRound", R"({"weights": {"bits": 6, "rounding": "adaround"}})"},
      {"4-bit weights", R"({"weights": {"bits": 4}})"},
      {"4-bit weights, MSE range", R"({"weights": {"bits": 4, "range": "mse"}})"},
      {"4-bit weights, MSE range + AdaRound + bias correction",
       R"({"weights": {"bits": 4, "range": "mse", "rounding": "adaround"},
           "bias_correction": true})"},
      {"6-bit activations", R"({"activations": {"bits": 6}})"},
  };
}

}  // namespace integra
