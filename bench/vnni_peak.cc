#include "bench/vnni_peak.h"

#include <algorithm>

#include "bench/clock.h"

namespace integra::bench {
#if defined(__x86_64__)
namespace {

constexpr int kRegisters = 14;  // more than latency x throughput asks for
constexpr double kMacsPerInstruction = 64;

double MeasureOnce() {
  constexpr long kRounds = 100'000;
  const double begin = ThreadSeconds();
  // In assembly: compilers keep an array of registers in memory.
  asm volatile(
      "vpxord %%zmm0, %%zmm0, %%zmm0 \n"
      "mov %0, %%rcx \n"
      "1: \n"
      ".irp r, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 \n"
      "vpdpbusd %%zmm1, %%zmm0, %%zmm\\r \n"
      ".endr \n"
      "dec %%rcx \n"
      "jnz 1b \n"
      "vzeroupper \n"
      :
      : "r"(kRounds)
      : "rcx", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
        "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
  return kMacsPerInstruction * kRegisters * kRounds / (ThreadSeconds() - begin);
}

}  // namespace

double VnniPeak() {
  static const double peak = [] {
    if (!__builtin_cpu_supports("avx512vnni")) return 0.0;
    double best = 0;
    for (int i = 0; i < 30; ++i) best = std::max(best, MeasureOnce());
    return best;
  }();
  return peak;
}
#else
double VnniPeak() { return 0; }
#endif

}  // namespace integra::bench
