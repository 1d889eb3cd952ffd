#include "bench/multiply_peak.h"

#include <algorithm>

#include "bench/clock.h"

namespace integra::bench {
#if defined(__x86_64__)
namespace {

constexpr long kRounds = 100'000;

// kRounds times 14 `step`s, on register \r each. In assembly: compilers keep an array of registers
// in memory.
#define INTEGRA_PEAK_LOOP(clear, step)                                                        \
  asm volatile(clear                                                                          \
               "mov %0, %%rcx \n"                                                             \
               "1: \n"                                                                        \
               ".irp r, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 \n" step               \
               ".endr \n"                                                                     \
               "dec %%rcx \n"                                                                 \
               "jnz 1b \n"                                                                    \
               "vzeroupper \n"                                                                \
               :                                                                              \
               : "r"(kRounds)                                                                 \
               : "rcx", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", \
                 "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15")

void Vnni() {
  INTEGRA_PEAK_LOOP("vpxord %%zmm0, %%zmm0, %%zmm0 \n", "vpdpbusd %%zmm1, %%zmm0, %%zmm\\r \n");
}

void Avx2() {
  INTEGRA_PEAK_LOOP("vpxor %%ymm0, %%ymm0, %%ymm0 \n",
                    "vpmaddwd %%ymm0, %%ymm0, %%ymm1 \n"
                    "vpaddd %%ymm1, %%ymm\\r, %%ymm\\r \n");
}

#undef INTEGRA_PEAK_LOOP

// Of 14 steps, each of `macs` multiply-accumulates, a round.
double BestRate(void (*loop)(), double macs) {
  double best = 0;
  for (int i = 0; i < 30; ++i) {
    const double begin = ThreadSeconds();
    loop();
    best = std::max(best, 14 * macs * kRounds / (ThreadSeconds() - begin));
  }
  return best;
}

}  // namespace

double MultiplyPeak() {
  static const double peak = [] {
    if (__builtin_cpu_supports("avx512vnni")) return BestRate(Vnni, 64);
    if (__builtin_cpu_supports("avx2")) return BestRate(Avx2, 16);
    return 0.0;
  }();
  return peak;
}
#else
double MultiplyPeak() { return 0; }
#endif

}  // namespace integra::bench
