#include "tests/support/golden.h"

#include <cstdio>
#include <cstdlib>

namespace integra::test {

std::optional<std::filesystem::path> GoldenFolder(const char* file, int line) {
  const char* const configured = std::getenv("INTEGRA_TEST_DATA");
  const std::filesystem::path folder =
      configured != nullptr ? configured : INTEGRA_SOURCE_DIR "/../shared/data";
  std::error_code ignored;
  if (std::filesystem::is_directory(folder / "goldens", ignored)) return folder;
  std::fprintf(stderr, "SKIPPED: test at %s:%d: no golden data in %s (set INTEGRA_TEST_DATA)\n",
               file, line, folder.c_str());
  return std::nullopt;
}

}  // namespace integra::test
