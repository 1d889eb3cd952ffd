// What it depends on which kernels are the fastest.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>

#include "graph/graph.h"
#include "integra/session.hpp"

namespace integra::runtime {

struct TuningKey {
  std::string network;    // its name, and a hash of all but the values of its tensors
  std::string processor;  // kernels::ProcessorName()
  std::string isa;
  int64_t threads = 1;
  std::string integra, onednn;  // versions

  bool operator==(const TuningKey&) const = default;
  bool operator<(const TuningKey& other) const {
    const auto all = [](const TuningKey& k) {
      return std::tie(k.network, k.processor, k.isa, k.threads, k.integra, k.onednn);
    };
    return all(*this) < all(other);
  }
};

// `options` with the threads that are used.
TuningKey TuningKeyOf(const graph::Graph& graph, const SessionOptions& options);

}  // namespace integra::runtime
