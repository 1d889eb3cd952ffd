#include "cli/processor.h"

#include <unistd.h>

#include <fstream>

#include "integra/session.hpp"

namespace integra::cli {
namespace {

std::string NameFromSystem() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("model name")) continue;
    const size_t colon = line.find(": ");
    return colon == line.npos ? "" : line.substr(colon + 2);
  }
  return "";
}

}  // namespace

Processor DescribeProcessor() {
  Processor processor;
  processor.name = NameFromSystem();
  processor.logical = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  processor.usable = UsableProcessors();
  const std::pair<const char*, int> caches[] = {{"L1d", _SC_LEVEL1_DCACHE_SIZE},
                                                {"L2", _SC_LEVEL2_CACHE_SIZE},
                                                {"L3", _SC_LEVEL3_CACHE_SIZE}};
  for (const auto& [name, what] : caches) {
    const long bytes = sysconf(what);
    if (bytes > 0) processor.caches.push_back({name, static_cast<uint64_t>(bytes)});
  }
  return processor;
}

// Not getrusage(): what that says begins with the peak of the program that started this one.
uint64_t PeakResidentBytes() {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;) {
    uint64_t kilobytes = 0;
    if (word == "VmHWM:" && file >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

}  // namespace integra::cli
