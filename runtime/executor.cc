#include "runtime/executor.h"

#include <algorithm>
#include <chrono>
#include <ostream>
#include <string>
#include <utility>

#include "base/error.h"

namespace integra::runtime {
namespace {

uint64_t Now() {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                   std::chrono::steady_clock::now().time_since_epoch())
                                   .count());
}

}  // namespace

Executor::Executor(const graph::Graph& graph, Plan plan, const SessionOptions& options,
                   ThreadPool& pool)
    : graph_(graph),
      options_(options),
      plan_(std::move(plan)),
      pool_(pool),
      arena_(plan_.arena_bytes),
      scratch_(plan_.scratch_bytes * static_cast<size_t>(options.threads)),
      workspace_(plan_.workspace_bytes),
      ranges_(graph.tensors.size()),
      profile_(graph.nodes.size()) {
  for (size_t id = 0; id < graph.tensors.size(); ++id) {
    std::byte* address = const_cast<std::byte*>(plan_.constant_addresses[id]);
    if (plan_.offsets[id] != Plan::kNotInArena) address = arena_.data() + plan_.offsets[id];
    addresses_.push_back(address);
  }
  for (int i = 0; i < options.threads; ++i) {
    scratch_addresses_.push_back(scratch_.data() + plan_.scratch_bytes * static_cast<size_t>(i));
  }
  trace_.reserve(plan_.steps.size());
}

void Executor::StopWhereAsked(const PlannedStep& next) const {
  if (!options_.should_stop || !options_.should_stop()) return;
  Fail(ErrorCode::kCancelled, "the run was stopped before node '", graph_.nodes[next.node].name,
       "'");
}

void Executor::Run() {
  const StepContext context{addresses_.data(), scratch_addresses_.data(), &pool_, ranges_.data(),
                            workspace_.data()};
  if (!options_.profile) {
    for (const PlannedStep& step : plan_.steps) {
      StopWhereAsked(step);
      step.run(context);
    }
    return;
  }
  for (const PlannedStep& step : plan_.steps) {
    StopWhereAsked(step);
    const uint64_t begin = Now();
    step.run(context);
    const uint64_t end = Now();
    NodeProfile& p = profile_[step.node];
    p.best_ns = p.calls == 0 ? end - begin : std::min(p.best_ns, end - begin);
    p.total_ns += end - begin;
    ++p.calls;
    if (trace_.size() < trace_.capacity()) trace_.push_back({step.node, begin, end});
  }
}

// The trace event format of chrome://tracing and Perfetto: one complete event ("X") per node, times
// in microseconds.
void Executor::WriteChromeTrace(std::ostream& out) const {
  const auto text = [](const std::string& raw) {
    std::string safe;
    for (const char c : raw) {
      if (c == '"' || c == '\\') safe += '\\';
      safe += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return safe;
  };
  const auto microseconds = [](uint64_t ns) {
    std::string fraction = std::to_string(ns % 1000);
    return std::to_string(ns / 1000) + "." + std::string(3 - fraction.size(), '0') + fraction;
  };
  const uint64_t start = trace_.empty() ? 0 : trace_.front().begin_ns;
  out << "{\"traceEvents\":[";
  for (size_t i = 0; i < trace_.size(); ++i) {
    const Event& e = trace_[i];
    const graph::Node& node = graph_.nodes[e.node];
    out << (i ? ",\n" : "\n") << "{\"ph\":\"X\",\"pid\":1,\"tid\":1,\"name\":\"" << text(node.name)
        << "\",\"cat\":\"" << graph::NameOf(node.type)
        << "\",\"ts\":" << microseconds(e.begin_ns - start)
        << ",\"dur\":" << microseconds(e.end_ns - e.begin_ns) << ",\"args\":{\"kernel\":\""
        << text(plan_.nodes[e.node].kernel) << "\"}}";
  }
  out << "\n]}\n";
}

}  // namespace integra::runtime
