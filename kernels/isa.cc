#include "kernels/isa.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "base/error.h"

namespace integra::kernels {
namespace {

constexpr const char* kNames[kIsaCount] = {"portable",  "sse41",  "avx2",
                                           "avx2_vnni", "avx512", "avx512_vnni"};

#if defined(__x86_64__)
unsigned CpuidEax(unsigned leaf, unsigned subleaf) {
  unsigned a = leaf, b = 0, c = subleaf, d = 0;
  __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  return a;
}
#endif

}  // namespace

const char* NameOf(Isa isa) { return kNames[static_cast<int>(isa)]; }

bool ParseIsa(std::string_view name, Isa* isa) {
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (name == kNames[i]) {
      *isa = static_cast<Isa>(i);
      return true;
    }
  }
  return false;
}

std::string IsaNames() {
  std::string names;
  for (const char* const name : kNames) names += (names.empty() ? "" : ", ") + std::string(name);
  return names;
}

bool HasAvxVnni() {
#if defined(__x86_64__)
  // (GCC 12's __builtin_cpu_supports does not know it.)
  static const bool has = __builtin_cpu_supports("avx2") && (CpuidEax(7, 1) >> 4 & 1) != 0;
  return has;
#else
  return false;
#endif
}

bool HasAvx512Vnni() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
#else
  return false;
#endif
}

Isa DetectIsa() {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("sse4.1") || !__builtin_cpu_supports("ssse3")) return Isa::kPortable;
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return Isa::kSse41;
#ifdef INTEGRA_EMULATE_AVX512
  return Isa::kAvx512Vnni;  // in plain C++: for tests alone
#endif
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (avx512) return HasAvx512Vnni() ? Isa::kAvx512Vnni : Isa::kAvx512;
  return HasAvxVnni() ? Isa::kAvx2Vnni : Isa::kAvx2;
#else
  return Isa::kPortable;
#endif
}

bool HasHalfWidth512() {
#if defined(__x86_64__)
  // Asked once: every layer wants to know, and a virtual machine answers slowly.
  static const bool has = [] {
    constexpr unsigned kExtended = 0x80000000, kWidths = 0x8000001A;
    if (!__builtin_cpu_is("amd") || CpuidEax(kExtended, 0) < kWidths) return false;
    const unsigned widths = CpuidEax(kWidths, 0);
    return (widths >> 2 & 1) != 0 && (widths >> 3 & 1) == 0;
  }();
  return has;
#else
  return false;
#endif
}

Isa DefaultIsa() {
  static const Isa isa = [] {
    Isa cap = Isa::kAvx512Vnni;
    const char* text = std::getenv("INTEGRA_MAX_ISA");
    if (text != nullptr && *text != '\0' && !ParseIsa(text, &cap)) {
      Fail(ErrorCode::kInvalidArgument, "INTEGRA_MAX_ISA is '", text, "'; known are ", IsaNames());
    }
    return std::min(DetectIsa(), cap);
  }();
  return isa;
}

}  // namespace integra::kernels
