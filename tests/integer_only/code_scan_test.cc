// Reads the machine code of everything that integer mode is built from: the object files of base/,
// kernels/ and runtime/ in integra::runtime. Not scanned: graph/, which turns scales into integers
// when a network is loaded and does so in double precision; no step of a running plan calls it
// (traced_run_test.cc follows real runs instruction by instruction, oneDNN's code included).
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include "tests/integer_only/disassembly.h"

namespace integra::test {
namespace {

std::vector<std::string> Lines(const char* path) {
  std::ifstream file(path);
  REQUIRE_MESSAGE(file.good(), path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

// "/build/CMakeFiles/integra_runtime.dir/kernels/avx2/add.cc.o" -> "kernels/avx2/add.cc.o".
std::string SourceOf(const std::string& object) {
  const size_t at = object.find(".dir/");
  REQUIRE(at != std::string::npos);
  return std::filesystem::path(object.substr(at + 5)).lexically_normal();
}

// Floating-point instructions by function.
std::map<std::string, std::vector<std::string>> FloatingPointOf(const std::string& object) {
  std::map<std::string, std::vector<std::string>> found;
  for (const Instruction& instruction : Disassemble(object)) {
    if (IsFloatingPoint(instruction.text)) {
      found[instruction.function].push_back(instruction.text);
    }
  }
  return found;
}

TEST_CASE("code scan: floating-point instructions are recognised") {
  for (const char* text : {"addss  %xmm0,%xmm1",
                           "mulsd  (%rax),%xmm1",
                           "vaddps %ymm0,%ymm1,%ymm2",
                           "vdivpd %zmm0,%zmm1,%zmm2",
                           "vfmadd231ps %zmm0,%zmm1,%zmm2",
                           "vfnmsub132sd %xmm0,%xmm1,%xmm2",
                           "cvtsi2sd %eax,%xmm0",
                           "cvttss2si %xmm0,%eax",
                           "vcvtdq2ps %ymm0,%ymm1",
                           "cvtdq2pd %xmm0,%xmm1",
                           "sqrtsd %xmm0,%xmm0",
                           "vrndscaleps $0x8,%zmm0,%zmm1",
                           "vscalefps %zmm0,%zmm1,%zmm2",
                           "ucomiss %xmm0,%xmm1",
                           "vcmpltps %zmm0,%zmm1,%k1",
                           "cmpleps %xmm0,%xmm1",
                           "maxss %xmm0,%xmm1",
                           "fldt   0x10(%rsp)",
                           "fmulp  %st,%st(1)",
                           "fildll (%rax)",
                           "vdpbf16ps %zmm0,%zmm1,%zmm2",
                           "vrsqrt14ps %zmm0,%zmm1",
                           "haddps %xmm0,%xmm0",
                           "rep addss %xmm0,%xmm1"}) {
    CAPTURE(text);
    CHECK(IsFloatingPoint(text));
  }
}

TEST_CASE("code scan: integer instructions and moves are not floating-point") {
  for (const char* text : {"add    %eax,%ebx",
                           "mov    %rax,%rbx",
                           "vpaddd %ymm0,%ymm1,%ymm2",
                           "vpmaxsd %ymm0,%ymm1,%ymm2",
                           "pminsd %xmm0,%xmm1",
                           "vpmuldq %zmm0,%zmm1,%zmm2",
                           "vpdpbusd %zmm0,%zmm1,%zmm2",
                           "movaps %xmm0,(%rsp)",
                           "vmovups (%rax),%zmm0",
                           "xorps  %xmm0,%xmm0",
                           "vbroadcastss (%rax),%ymm0",
                           "shufps $0x0,%xmm0,%xmm0",
                           "vextractf128 $0x1,%ymm0,%xmm1",
                           "vblendvps %ymm0,%ymm1,%ymm2,%ymm3",
                           "rep stos %al,%es:(%rdi)",
                           "cs nopw 0x0(%rax,%rax,1)",
                           "cqto",
                           "cmpsb  %es:(%rdi),%ds:(%rsi)",
                           "vpermps %ymm0,%ymm1,%ymm2",
                           "sub    $0x8,%rsp",
                           "imul   %rax,%rbx",
                           "subl $0x1,(%rax)"}) {
    CAPTURE(text);
    CHECK_FALSE(IsFloatingPoint(text));
  }
}

TEST_CASE("code scan: integer mode's machine code computes nothing in floating point") {
  static const std::regex kMathLibrary(
      "(exp|exp2|expm1|log|log2|log10|log1p|pow|sqrt|tanh|sinh|cosh|sin|cos|tan|round|rint|lrint|"
      "llrint|lround|llround|nearbyint|floor|ceil|trunc|ldexp|frexp|scalbn|fma|fmod|strto[dfl]|"
      "atof)f?l?(@.*)?|__(fix|float)\\w+");
  int scanned = 0;
  for (const std::string& object : Lines(INTEGRA_RUNTIME_OBJECTS)) {
    const std::string source = SourceOf(object);
    if (source.starts_with("graph/")) continue;
    ++scanned;
    for (const auto& [function, instructions] : FloatingPointOf(object)) {
      FAIL_CHECK(source, ": ", function, ": ", instructions.size(),
                 " floating-point instructions, the first is ", instructions.front());
    }
    for (const std::string& symbol : UndefinedSymbols(object)) {
      if (std::regex_match(symbol, kMathLibrary)) FAIL_CHECK(source, " calls ", symbol);
    }
  }
  MESSAGE(scanned, " object files scanned");
  CHECK(scanned > 10);
}

// The linker may take a shared function from any object file: one of kernels/avx2 would bring AVX2
// to processors that lack it. Where nothing is inlined (debug builds) there are many.
#if defined(NDEBUG) && defined(__OPTIMIZE__)
TEST_CASE("code scan: kernels for an instruction set share no function with other code") {
  int kernels = 0, shared_elsewhere = 0;
  for (const std::string& object : Lines(INTEGRA_RUNTIME_OBJECTS)) {
    const std::string source = SourceOf(object);
    const std::vector<std::string> shared = SharedFunctions(object);
    if (!std::regex_match(source, std::regex("kernels/(sse41|avx2|vnni256|avx512)/.*"))) {
      shared_elsewhere += !shared.empty();
      continue;
    }
    ++kernels;
    for (const std::string& function : shared) {
      if (function == "__clang_call_terminate") continue;  // Clang's own, without vectors
      FAIL_CHECK(source, " defines ", function);
    }
  }
  CHECK(kernels > 20);
  CHECK(shared_elsewhere > 0);
}
#endif

TEST_CASE("code scan: the same scan does find the float kernels") {
  int with_floating_point = 0;
  for (const std::string& object : Lines(INTEGRA_TOOLS_OBJECTS)) {
    if (SourceOf(object).find("/float/") == std::string::npos) continue;
    if (!FloatingPointOf(object).empty()) ++with_floating_point;
  }
  CHECK(with_floating_point > 0);
}

}  // namespace
}  // namespace integra::test
