#include "base/xxhash64.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace integra {
namespace {

constexpr uint64_t kPrime1 = 0x9E3779B185EBCA87;
constexpr uint64_t kPrime2 = 0xC2B2AE3D27D4EB4F;
constexpr uint64_t kPrime3 = 0x165667B19E3779F9;
constexpr uint64_t kPrime4 = 0x85EBCA77C2B2AE63;
constexpr uint64_t kPrime5 = 0x27D4EB2F165667C5;

template <typename T>
uint64_t Load(const std::byte* p) {
  T value;
  std::memcpy(&value, p, sizeof(T));
  return value;
}

uint64_t Round(uint64_t lane, uint64_t input) {
  return std::rotl(lane + input * kPrime2, 31) * kPrime1;
}

}  // namespace

Xxhash64Stream::Xxhash64Stream() : lanes_{kPrime1 + kPrime2, kPrime2, 0, 0 - kPrime1} {}

void Xxhash64Stream::Stripe(const std::byte* p) {
  for (uint64_t& lane : lanes_) {
    lane = Round(lane, Load<uint64_t>(p));
    p += 8;
  }
}

void Xxhash64Stream::Update(std::span<const std::byte> bytes) {
  const size_t waiting = total_ % kStripe;
  total_ += bytes.size();
  if (waiting > 0) {
    const size_t taken = std::min(kStripe - waiting, bytes.size());
    std::copy_n(bytes.data(), taken, rest_ + waiting);
    bytes = bytes.subspan(taken);
    if (waiting + taken < kStripe) return;
    Stripe(rest_);
  }
  for (; bytes.size() >= kStripe; bytes = bytes.subspan(kStripe)) Stripe(bytes.data());
  std::copy(bytes.begin(), bytes.end(), rest_);
}

uint64_t Xxhash64Stream::Digest() const {
  uint64_t hash = kPrime5;
  if (total_ >= kStripe) {
    hash = std::rotl(lanes_[0], 1) + std::rotl(lanes_[1], 7) + std::rotl(lanes_[2], 12) +
           std::rotl(lanes_[3], 18);
    for (const uint64_t lane : lanes_) hash = (hash ^ Round(0, lane)) * kPrime1 + kPrime4;
  }
  hash += total_;
  const std::byte* p = rest_;
  size_t left = total_ % kStripe;
  for (; left >= 8; left -= 8, p += 8) {
    hash = std::rotl(hash ^ Round(0, Load<uint64_t>(p)), 27) * kPrime1 + kPrime4;
  }
  for (; left >= 4; left -= 4, p += 4) {
    hash = std::rotl(hash ^ (Load<uint32_t>(p) * kPrime1), 23) * kPrime2 + kPrime3;
  }
  for (; left > 0; --left, ++p) {
    hash = std::rotl(hash ^ (Load<uint8_t>(p) * kPrime5), 11) * kPrime1;
  }
  hash = (hash ^ (hash >> 33)) * kPrime2;
  hash = (hash ^ (hash >> 29)) * kPrime3;
  return hash ^ (hash >> 32);
}

uint64_t Xxhash64(std::span<const std::byte> bytes) {
  Xxhash64Stream stream;
  stream.Update(bytes);
  return stream.Digest();
}

std::string Xxhash64Text(uint64_t hash) {
  std::string text(16, '0');
  for (size_t i = 0; i < 16; ++i) text[i] = "0123456789abcdef"[(hash >> (60 - 4 * i)) & 15];
  return text;
}

}  // namespace integra
