#include "kernels/processor.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "base/error.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace integra::kernels {
namespace {

#if defined(__x86_64__)
using Registers = std::array<uint32_t, 4>;  // eax, ebx, ecx, edx; 0 where there is no such leaf

Registers Cpuid(uint32_t leaf) {
  Registers r = {};
  __get_cpuid(leaf, &r[0], &r[1], &r[2], &r[3]);
  return r;
}

// The registers' bytes up to the first zero. (A hypervisor may have written anything there.)
template <size_t kRegisters>
std::string TextOf(const std::array<uint32_t, kRegisters>& registers) {
  char text[sizeof(registers) + 1] = {};
  std::memcpy(text, registers.data(), sizeof(registers));
  std::string found = text;
  std::ranges::replace_if(
      found, [](char c) { return c < ' ' || c > '~'; }, ' ');
  const size_t first = found.find_first_not_of(' ');
  if (first == found.npos) return "";
  return found.substr(first, found.find_last_not_of(' ') + 1 - first);
}

std::string Find() {
  const Registers vendor = Cpuid(0);
  const uint32_t version = Cpuid(1)[0];
  const uint32_t base_family = version >> 8 & 15;
  const uint32_t family = base_family + (base_family == 15 ? version >> 20 & 255 : 0);
  const bool extended = base_family == 6 || base_family == 15;
  const uint32_t model = (version >> 4 & 15) + (extended ? (version >> 16 & 15) << 4 : 0);
  std::array<uint32_t, 12> brand = {};
  for (uint32_t i = 0; i < 3; ++i) {
    std::ranges::copy(Cpuid(0x80000002 + i), brand.begin() + 4 * i);
  }
  const std::string name = TextOf(brand);
  return StrCat(TextOf(std::array{vendor[1], vendor[3], vendor[2]}), " family ", family, " model ",
                model, " stepping ", version & 15, name.empty() ? "" : ", ", name);
}
#else
std::string Find() { return "unknown"; }
#endif

}  // namespace

const std::string& ProcessorName() {
  static const std::string name = Find();
  return name;
}

}  // namespace integra::kernels
