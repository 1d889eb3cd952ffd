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
      {"activations: dynamic", R"({"activations": {"range": "dynamic"}})"},
      // Schemes.
      {"activations: symmetric", R"({"activations": {"symmetry": "symmetric"}})"},
      {"activations: symmetric full range", R"({"activations": {"symmetry": "symmetric_full"}})"},
      {"weights: symmetric full range", R"({"weights": {"symmetry": "symmetric_full"}})"},
      {"weights: MSE range", R"({"weights": {"range": "mse"}})"},
      {"weights: per group of 8", R"({"weights": {"granularity": "per_group", "group": 8}})"},
      // Helpers, with one scale per channel.
      {"per channel, no bias correction", R"({"bias_correction": false})"},
      {"per channel + AdaRound", R"({"weights": {"rounding": "adaround"}})"},
      {"per channel + equalisation", R"({"equalize": true})"},
      // Helpers, with one scale per tensor.
      {"per tensor, no helper",
       R"({"weights": {"granularity": "per_tensor"}, "bias_correction": false})"},
      {"per tensor + equalisation",
       R"({"weights": {"granularity": "per_tensor"}, "bias_correction": false, "equalize": true})"},
      {"per tensor + bias correction", R"({"weights": {"granularity": "per_tensor"}})"},
      {"per tensor + equalisation + bias correction",
       R"({"weights": {"granularity": "per_tensor"}, "equalize": true})"},
      {"per tensor, full range + equalisation + bias correction",
       R"({"weights": {"granularity": "per_tensor", "symmetry": "symmetric_full"},
           "equalize": true})"},
      {"per tensor + equalisation + bias correction + AdaRound",
       R"({"weights": {"granularity": "per_tensor", "rounding": "adaround"}, "equalize": true})"},
      {"per tensor, asymmetric",
       R"({"weights": {"granularity": "per_tensor", "symmetry": "asymmetric"}})"},
      {"per tensor, asymmetric + equalisation",
       R"({"weights": {"granularity": "per_tensor", "symmetry": "asymmetric"},
           "equalize": true})"},
      // Fewer bits.
      {"6-bit weights", R"({"weights": {"bits": 6}})"},
      {"6-bit weights + AdaRound", R"({"weights": {"bits": 6, "rounding": "adaround"}})"},
      {"4-bit weights", R"({"weights": {"bits": 4}})"},
      {"4-bit weights, MSE range", R"({"weights": {"bits": 4, "range": "mse"}})"},
      {"4-bit weights, MSE range + AdaRound",
       R"({"weights": {"bits": 4, "range": "mse", "rounding": "adaround"}})"},
      {"6-bit activations", R"({"activations": {"bits": 6}})"},
      // More bits.
      {"16-bit activations", R"({"activations": {"dtype": "int16", "range": "minmax"}})"},
  };
}

}  // namespace integra
