// Arrays in NumPy's .npy format:
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "base/buffer.h"
#include "integra/tensor.hpp"

namespace integra::io {

// A dense array in C order.
struct Array {
  DataType dtype = DataType::kFloat32;
  Shape shape;
  SharedBytes data;  // exactly ElementCount(shape) * SizeOf(dtype) bytes, aligned for the type

  template <typename T>
  std::span<const T> as() const {
    return {data.as<T>(), data.size() / sizeof(T)};
  }
};

// Reads versions 1.0 to 3.0, C order, little endian, in one of Integra's types. The file is mapped,
// so a large data set costs no memory before it is touched. Throws Error: kInvalidFile (damaged,
// too short, bytes left over), kUnsupported (another type or order; says how to convert), kSystem
// (cannot be opened).
Array ReadNpy(const std::filesystem::path& path);

// The same from bytes in memory; `name` stands for the file in messages.
Array ParseNpy(SharedBytes file, const std::string& name);

// Writes version 1.0. The file appears whole or not at all (base/atomic_file.h).
// `data` has exactly ElementCount(shape) * SizeOf(dtype) bytes.
void WriteNpy(const std::filesystem::path& path, DataType dtype, const Shape& shape,
              std::span<const std::byte> data);

// What stands before the data in such a file; a multiple of 64 bytes.
std::string NpyHeader(DataType dtype, const Shape& shape);

}  // namespace integra::io
