// How fast one core can multiply and accumulate bytes at all.
#pragma once

namespace integra::bench {

// Multiply-accumulates per second of a loop of nothing but vpdpbusd on independent 512-bit
// registers, the best of some short runs. Measured once per process; 0 without AVX512-VNNI.
double VnniPeak();

}  // namespace integra::bench
