// The inputs of a golden network as samples for Compare().
#pragma once

#include <filesystem>
#include <vector>

#include "integra/compare.hpp"
#include "tests/support/golden_network.h"

namespace integra::test {

Network Import(const std::filesystem::path& model);

// Gives a network with the golden network's input types the very bytes, and its float sibling the
// real values. `golden` has to outlive it.
class GoldenSource : public DataSource {
 public:
  // `inputs`: of the golden network, with the scales that make real values.
  GoldenSource(const GoldenNetwork& golden, std::vector<TensorInfo> inputs)
      : golden_(golden), inputs_(std::move(inputs)) {}

  int64_t size() const override { return golden_.inputs.at(0).shape.at(0); }
  void Read(int64_t i, const std::vector<TensorInfo>& inputs,
            std::span<const std::span<std::byte>> buffers) override;

 private:
  const GoldenNetwork& golden_;
  const std::vector<TensorInfo> inputs_;
};

}  // namespace integra::test
