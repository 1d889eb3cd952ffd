// One mode of a network, run at full speed over the samples of a data set.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "integra/compare.hpp"
#include "integra/float_session.hpp"
#include "integra/network.hpp"
#include "integra/session.hpp"

namespace integra::analysis {

class ModeRun {
 public:
  // Throws Error.
  ModeRun(const Network& network, Mode mode, int threads);

  const Network& network() const { return network_; }
  Mode mode() const { return mode_; }

  void Run(DataSource& data, int64_t sample);

  // Of the last Run: what went in, as the network takes it, and every output as real values.
  std::vector<std::span<const std::byte>> inputs() const;
  const std::vector<std::vector<float>>& values() const { return values_; }

  double total_us() const { return total_us_; }  // of all runs, without reading the samples

 private:
  const Network network_;
  const Mode mode_;
  std::vector<std::vector<std::byte>> inputs_, outputs_;
  std::optional<Session> integer_;
  std::optional<FloatSession> float_;
  std::vector<std::vector<float>> values_;
  double total_us_ = 0;
};

}  // namespace integra::analysis
