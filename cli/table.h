// Text tables.
#pragma once

#include <string>
#include <vector>

namespace integra::cli {

// Columns as wide as their widest cell. Columns whose title starts with '>' are flushed right (the
// sign itself is not shown).
class Table {
 public:
  explicit Table(std::vector<std::string> titles);
  void Add(std::vector<std::string> cells);  // as many as there are titles
  std::string ToText() const;                // one line per row, the titles first

 private:
  std::vector<std::vector<std::string>> rows_;
  std::vector<bool> right_;
};

}  // namespace integra::cli
