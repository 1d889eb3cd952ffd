// XXH64, the checksum of weights files: https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md.
// `xxhsum -H1 FILE` prints the same number. Finds damage, not forgery.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace integra {

// With seed 0, of bytes that arrive piece by piece. Several gigabytes per second.
class Xxhash64Stream {
 public:
  Xxhash64Stream();
  void Update(std::span<const std::byte> bytes);
  uint64_t Digest() const;

 private:
  static constexpr size_t kStripe = 32;
  void Stripe(const std::byte* p);

  uint64_t lanes_[4];
  uint64_t total_ = 0;
  std::byte rest_[kStripe];  // total_ % kStripe bytes that do not fill a stripe yet
};

uint64_t Xxhash64(std::span<const std::byte> bytes);

// The usual way to write it: 16 hexadecimal digits, most significant first.
std::string Xxhash64Text(uint64_t hash);

}  // namespace integra
