// Networks for tests of what happens while one runs.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "integra/integra.hpp"

namespace integra::test {

// A session with buffers of random input.
class RunningNetwork {
 public:
  RunningNetwork(const Network& network, const SessionOptions& options);

  void Run() { session_.Run(inputs_, outputs_); }

  const Session& session() const { return session_; }
  uint64_t multiply_accumulates() const;

 private:
  Session session_;
  std::vector<std::vector<std::byte>> in_, out_;
  std::vector<std::span<const std::byte>> inputs_;
  std::vector<std::span<std::byte>> outputs_;
};

struct NamedNetwork {
  std::string name;
  Network network;
};

// A small convolutional network, the one that ships, and, where the golden data is at hand, the
// real ones of moderate size whose operators are all integer.
std::vector<NamedNetwork> NetworksToRun();

}  // namespace integra::test
