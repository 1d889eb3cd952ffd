// Class numbers of samples.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace integra::io {

struct LabelOptions {
  std::string column = {};  // "": "class<outputs>" if there is one, else "class" or "label"
  int64_t outputs = 0;      // scores that the network gives; 0: not known
};

// Labels by file name, or by position where the file names none.
struct Labels {
  std::map<std::string, int64_t> by_name;
  std::vector<int64_t> by_position;
};

// Reads one of
//   .npy   integers [samples]
//   .tsv   tab separated, the first line names the columns: one is "file" (optional), one the class
//   text   one number a line
// Throws Error (kInvalidFile with file and line; kInvalidArgument where the column is not there).
Labels ReadLabels(const std::filesystem::path& path, const LabelOptions& options = {});

// Names of the classes, for showing results: one a line, in the classes' order, or a TSV file with
// the columns "name" and the class as above. Classes without a name are "".
std::vector<std::string> ReadClassNames(const std::filesystem::path& path,
                                        const LabelOptions& options = {});

}  // namespace integra::io
