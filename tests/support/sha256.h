// SHA-256 (FIPS 180-4), for comparing with recorded sums.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace integra::test {

class Sha256 {
 public:
  void Add(std::span<const uint8_t> bytes);
  // The sum of everything added, as 64 hexadecimal digits. Ends the object's life as a summer.
  std::string Hex();

 private:
  void AddBlock(const uint8_t* block);

  std::array<uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::vector<uint8_t> rest_;
  uint64_t bytes_ = 0;
};

}  // namespace integra::test
