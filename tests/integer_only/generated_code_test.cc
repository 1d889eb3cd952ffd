// The machine code that oneDNN generates for its int8 products, dumped by itself and disassembled:
// code that a traced run (traced_run_test.cc) happens not to reach is seen here, too.
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "kernels/isa.h"
#include "kernels/onednn/matmul.h"
#include "tests/integer_only/disassembly.h"
#include "tests/support/temporary_folder.h"

namespace integra::test {
namespace {

constexpr const char* kExact = "oneDNN's products are exact";

// oneDNN reads the environment once: each cap needs a process of its own, which runs this.
TEST_CASE("generated code: run every product of the self-test" * doctest::skip()) {
  std::puts(kernels::onednn::RunSelfTest().exact ? kExact : "not exact");
}

struct Dump {
  std::vector<std::filesystem::path> files;
  bool exact = false;  // else networks do not run these products
};

Dump DumpedUnder(const std::string& cap, const TemporaryFolder& to) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  const std::string command =
      "cd '" + to.path().string() + "' && ONEDNN_JIT_DUMP=1 ONEDNN_MAX_CPU_ISA=" + cap + " '" +
      self + "' --no-skip -tc='generated code: run every product of the self-test' > log";
  REQUIRE(std::system(command.c_str()) == 0);
  Dump dump;
  for (const auto& entry : std::filesystem::directory_iterator(to.path())) {
    if (entry.path().extension() == ".bin") dump.files.push_back(entry.path());
  }
  std::ifstream log(to.path() / "log");
  for (std::string line; std::getline(log, line);) dump.exact = dump.exact || line == kExact;
  return dump;
}

// Packs weights when a session is made.
bool IsPacking(const std::string& name) { return name.find("reorder") != std::string::npos; }

// Kernels that may hold floating point where the self-test denies the products, so that no network
// runs them: version 3 finishes products without VNNI in float, and with AVX-512 and no VNNI the
// product of one row compares its factor of the old sums with 0.
bool MayFloatWhereDenied(const std::string& name) {
  return name.find("pp_kernel") != std::string::npos || name.find("gemv") != std::string::npos;
}

TEST_CASE("generated code: oneDNN's int8 products compute nothing in floating point") {
  for (const std::string cap :
       {"SSE41", "AVX2", "AVX2_VNNI", "AVX512_CORE", "AVX512_CORE_VNNI", "ALL"}) {
    CAPTURE(cap);
    const TemporaryFolder folder;
    size_t kernels = 0, instructions = 0;
    const Dump dump = DumpedUnder(cap, folder);
    for (const auto& file : dump.files) {
      const std::string name = file.filename();
      if (IsPacking(name) || (MayFloatWhereDenied(name) && !dump.exact)) continue;
      ++kernels;
      for (const Instruction& instruction : DisassembleRaw(file)) {
        ++instructions;
        if (IsFloatingPoint(instruction.text)) FAIL_CHECK(name, ": ", instruction.text);
      }
    }
    MESSAGE(cap, ": ", kernels, " kernels, ", instructions, " instructions");
    CHECK(kernels > 0);
    CHECK(instructions > 100);
  }
}

}  // namespace
}  // namespace integra::test
