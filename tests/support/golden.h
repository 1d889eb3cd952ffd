// Real networks and the results that LiteRT's reference kernels give for them.
//
// They are too large for the repository. INTEGRA_TEST_DATA names the folder; without it, the folder
// shared/data beside the source folder is tried.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace integra::test {

// The folder that holds models/ and goldens/. Where there is none, says loudly on standard error
// that the calling test is skipped; the test then returns:
//
//   const auto data = GoldenFolder();
//   if (!data) return;
// (Not std::source_location, which Clang 14 has not.)
std::optional<std::filesystem::path> GoldenFolder(const char* file = __builtin_FILE(),
                                                  int line = __builtin_LINE());

// The networks of the folder that have quantized operators and results to compare with.
struct GoldenName {
  std::string name;
  double million_macs;  // multiply-accumulates of one run
  bool has_float_nodes = false;
};
const std::vector<GoldenName>& GoldenNames();

// The names of those without float nodes that take at most so many multiply-accumulates.
std::vector<std::string> IntegerGoldenNames(double most_million_macs);

}  // namespace integra::test
