// Sums over weights. Every weight of a network passes here when it is loaded.
#pragma once

#include <cstdint>

namespace integra::kernels {

struct WeightSums {
  int64_t sum = 0;
  int64_t magnitude = 0;  // sum of absolute values
};
WeightSums SumsOf(const int8_t* weights, int64_t count);

}  // namespace integra::kernels
