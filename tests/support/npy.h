// Reading NumPy's .npy and .npz files, for tests.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "integra/tensor.hpp"

namespace integra::test {

// A dense array in C order.
struct Array {
  DataType dtype = DataType::kFloat32;
  Shape shape;
  std::vector<std::byte> bytes;

  template <typename T>
  std::span<const T> values() const {
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
  // Slice i along dimension 0 (a sample of a batch), `count` slices long.
  std::span<const std::byte> slices(int64_t i, int64_t count = 1) const;
};

// Throw std::runtime_error, which fails the test, where the file is not as expected.
Array ParseNpy(std::span<const std::byte> file);
Array ReadNpy(const std::filesystem::path& path);
// The arrays of a .npz file by name (without ".npy"); stored or deflated.
std::map<std::string, Array> ReadNpz(const std::filesystem::path& path);

std::vector<std::byte> ReadBytes(const std::filesystem::path& path);

}  // namespace integra::test
