// Candidates: kernels that a node may be asked to take, instead of the one that it gets by itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace integra::runtime {

// All give the same bits. A node for which the kernel does not exist does what it does by default.
enum class Candidate : uint8_t {
  kDefault,
  kDirect,         // a convolution without Winograd's algorithm
  kWinogradTiles,  // with it, also where it does not seem to pay (kernels::WinogradForm)
  kWinogradQuads,
  kOneDnn,  // oneDNN's product
  kWhole,   // a depthwise convolution that reads its input from memory
  kOnRows,  // or makes it row by row itself, also where it is small
};

inline constexpr Candidate kCandidates[] = {
    Candidate::kDefault, Candidate::kDirect, Candidate::kWinogradTiles, Candidate::kWinogradQuads,
    Candidate::kOneDnn,  Candidate::kWhole,  Candidate::kOnRows};

const char* NameOf(Candidate candidate);  // "winograd_tiles"
std::optional<Candidate> ParseCandidate(std::string_view name);

using Choices = std::vector<Candidate>;  // by node; empty: all by default

}  // namespace integra::runtime
