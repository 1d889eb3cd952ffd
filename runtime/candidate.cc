#include "runtime/candidate.h"

namespace integra::runtime {

const char* NameOf(Candidate candidate) {
  switch (candidate) {
    case Candidate::kDefault:
      return "default";
    case Candidate::kDirect:
      return "direct";
    case Candidate::kWinogradTiles:
      return "winograd_tiles";
    case Candidate::kWinogradQuads:
      return "winograd_quads";
    case Candidate::kOneDnn:
      return "onednn";
    case Candidate::kWhole:
      return "whole";
    case Candidate::kOnRows:
      return "on_rows";
  }
  return "";
}

std::optional<Candidate> ParseCandidate(std::string_view name) {
  for (const Candidate candidate : kCandidates) {
    if (name == NameOf(candidate)) return candidate;
  }
  return std::nullopt;
}

}  // namespace integra::runtime
