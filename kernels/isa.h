// Instruction sets: what the processor has, and what a caller allows.
#pragma once

#include <string>
#include <string_view>

namespace integra::kernels {

// In order: each level includes those before it.
enum class Isa {
  kPortable,    // plain C++ (x86-64 baseline)
  kAvx2,        // + FMA, BMI2
  kAvx2Vnni,    // AVX-VNNI in 256-bit registers
  kAvx512,      // F, BW, DQ, VL
  kAvx512Vnni,  // + AVX512-VNNI
};

const char* NameOf(Isa isa);
bool ParseIsa(std::string_view name, Isa* isa);

Isa DetectIsa();
// min(DetectIsa(), the environment's INTEGRA_MAX_ISA). An unknown name there is an Error.
Isa DefaultIsa();

}  // namespace integra::kernels
