// Numbers that look random and are the same in every run.
#pragma once

#include <cstdint>

namespace integra::quantize {

// splitmix64: well mixed numbers from neighbouring ones.
inline uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

}  // namespace integra::quantize
