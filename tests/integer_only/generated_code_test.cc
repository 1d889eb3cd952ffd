// The machine code that oneDNN generates for its int8 products, dumped by itself and disassembled:
// code that a traced run (traced_run_test.cc) happens not to reach is seen here, too.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "kernels/isa.h"
#include "kernels/onednn/matmul.h"
#include "tests/integer_only/disassembly.h"
#include "tests/support/temporary_folder.h"

namespace integra::test {
namespace {

// oneDNN reads the environment once: each cap needs a process of its own, which runs this.
TEST_CASE("generated code: run every product of the self-test" * doctest::skip()) {
  kernels::onednn::RunSelfTest();
}

std::vector<std::filesystem::path> DumpedUnder(const std::string& cap, const TemporaryFolder& to) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  const std::string command =
      "cd '" + to.path().string() + "' && ONEDNN_JIT_DUMP=1 ONEDNN_MAX_CPU_ISA=" + cap + " '" +
      self + "' --no-skip -tc='generated code: run every product of the self-test' > log";
  REQUIRE(std::system(command.c_str()) == 0);
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(to.path())) {
    if (entry.path().extension() == ".bin") files.push_back(entry.path());
  }
  return files;
}

// Packs weights when a session is made.
bool IsPacking(const std::string& name) { return name.find("reorder") != std::string::npos; }

// Version 3 makes it for products without VNNI, to finish them in float. It may hold floating
// point only where the self-test denies these products, so that no network runs it.
bool IsFinishing(const std::string& name) { return name.find("pp_kernel") != std::string::npos; }

TEST_CASE("generated code: oneDNN's int8 products compute nothing in floating point") {
  const bool used = kernels::onednn::RunSelfTest().exact;
  for (const std::string cap :
       {"SSE41", "AVX2", "AVX2_VNNI", "AVX512_CORE", "AVX512_CORE_VNNI", "ALL"}) {
    CAPTURE(cap);
    const TemporaryFolder folder;
    size_t kernels = 0, instructions = 0;
    for (const auto& file : DumpedUnder(cap, folder)) {
      const std::string name = file.filename();
      if (IsPacking(name) || (IsFinishing(name) && !used)) continue;
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
