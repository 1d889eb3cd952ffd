// How fast one core can multiply and accumulate 8-bit values exactly at all.
#pragma once

namespace integra::bench {

// Multiply-accumulates per second of a loop of nothing else on independent registers, the best of
// some short runs: vpdpbusd on 512 bits with AVX512-VNNI, else vpmaddwd and vpaddd on 256 bits with
// AVX2 (vpmaddubsw would saturate). Measured once per process; 0 without either.
double MultiplyPeak();

}  // namespace integra::bench
