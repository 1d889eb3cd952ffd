#include "bench/shapes.h"

#include <fstream>
#include <sstream>

#include "base/error.h"

namespace integra::bench {

std::vector<ShapeLine> ReadShapes(const std::filesystem::path& file, size_t columns) {
  std::ifstream in(file);
  if (!in) Fail(ErrorCode::kSystem, file.string(), ": cannot be read");
  std::vector<ShapeLine> shapes;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    ShapeLine shape;
    words >> shape.name;
    for (int64_t value; words >> value;) shape.values.push_back(value);
    if (shape.values.size() != columns || !words.eof()) {
      Fail(ErrorCode::kInvalidFile, file.string(), ": '", line, "' needs a name and ", columns,
           " numbers");
    }
    shapes.push_back(std::move(shape));
  }
  return shapes;
}

}  // namespace integra::bench
