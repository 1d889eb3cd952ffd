// What the machine is.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace integra::cli {

struct Processor {
  std::string name;                                      // "" where the system does not say
  std::vector<std::pair<std::string, uint64_t>> caches;  // "L1d", bytes; of one core
  int logical = 0;                                       // processors of the machine
  int usable = 0;                                        // by this process (affinity, quota)
};

Processor DescribeProcessor();

// The most memory that this process has held so far, in bytes; 0 where the system does not say.
uint64_t PeakResidentBytes();

}  // namespace integra::cli
