#include "tests/support/golden.h"

#include <cstdio>
#include <cstdlib>

namespace integra::test {

std::optional<std::filesystem::path> GoldenFolder(std::source_location where) {
  const char* const configured = std::getenv("INTEGRA_TEST_DATA");
  const std::filesystem::path folder =
      configured != nullptr ? configured : INTEGRA_SOURCE_DIR "/../shared/data";
  std::error_code ignored;
  if (std::filesystem::is_directory(folder / "goldens", ignored)) return folder;
  std::fprintf(stderr, "SKIPPED: test at %s:%u: no golden data in %s (set INTEGRA_TEST_DATA)\n",
               where.file_name(), static_cast<unsigned>(where.line()), folder.c_str());
  return std::nullopt;
}

}  // namespace integra::test
