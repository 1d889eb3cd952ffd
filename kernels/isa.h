// Instruction sets: what the processor has, and what a caller allows.
#pragma once

#include <string>
#include <string_view>

namespace integra::kernels {

// In order: each level includes those before it.
enum class Isa {
  kPortable,    // plain C++ (x86-64 baseline)
  kSse41,       // SSE4.1 with SSSE3
  kAvx2,        // + FMA, BMI2
  kAvx2Vnni,    // + VNNI in 256-bit registers
  kAvx512,      // F, BW, DQ, VL
  kAvx512Vnni,  // + AVX512-VNNI
};
inline constexpr int kIsaCount = static_cast<int>(Isa::kAvx512Vnni) + 1;

const char* NameOf(Isa isa);
bool ParseIsa(std::string_view name, Isa* isa);
// "portable, sse41, ...": for messages.
std::string IsaNames();

Isa DetectIsa();
// VNNI in 256-bit registers, in either encoding: AVX-VNNI, and AVX512-VNNI with VL.
bool HasAvxVnni();
bool HasAvx512Vnni();
// Whether instructions of 512 bits are executed as two of 256, as far as the processor says so:
// AMD's do (CPUID Fn8000_001A: FP256 without FP512; Zen 4).
bool HasHalfWidth512();
// min(DetectIsa(), the environment's INTEGRA_MAX_ISA). An unknown name there is an Error.
Isa DefaultIsa();

}  // namespace integra::kernels
