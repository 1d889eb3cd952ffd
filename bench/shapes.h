// Shapes as data: bench/shapes/*.txt, one shape a line, "# name ..." names the columns.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace integra::bench {

struct ShapeLine {
  std::string name;
  std::vector<int64_t> values;
};

// Throws Error (kInvalidFile, kSystem) where a line has not `columns` numbers.
std::vector<ShapeLine> ReadShapes(const std::filesystem::path& file, size_t columns);

}  // namespace integra::bench
