#include "runtime/tuning.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string_view>
#include <utility>

#include "base/atomic_file.h"
#include "base/error.h"
#include "kernels/onednn/matmul.h"
#include "runtime/executor.h"
#include "runtime/memory_limit.h"
#include "runtime/tuning_file.h"
#include "runtime/tuning_key.h"
#include "runtime/weight_cache.h"

namespace integra::runtime {
namespace {

// Plans take turns, so that what else the machine does slows down all of them. In a turn, the
// second run finds the plan's weights in the caches, as the runs of a session do.
constexpr int kRunsOfTurn = 2;
constexpr int kLeastRounds = 5, kMostRounds = 1000;
constexpr std::chrono::milliseconds kLongEnough{700};

// Times vary: a candidate displaces the default from so many hundredths of its time on.
constexpr uint64_t kClearlyFaster = 97;

// With weights of its own: those of candidates that are not chosen are not kept.
struct Variant {
  Candidate candidate;
  WeightCache weights;
  std::optional<Executor> executor;
};

// By input. Integers are as likely as any other; indices are 0, which is never out of range; reals
// lie in (-1, -0.5] and [0.5, 1): their bits, as this library has no such type.
std::vector<std::vector<std::byte>> RandomInputs(const graph::Graph& graph) {
  std::mt19937 random(1);
  std::vector<std::vector<std::byte>> inputs;
  for (const graph::TensorId id : graph.inputs) {
    const graph::Tensor& tensor = graph.tensor(id);
    auto& bytes =
        inputs.emplace_back(static_cast<size_t>(ElementCount(tensor.shape)) * SizeOf(tensor.dtype));
    if (tensor.dtype == DataType::kFloat32) {
      for (size_t i = 0; i < bytes.size(); i += sizeof(uint32_t)) {
        const auto bits = static_cast<uint32_t>((random() & 0x807FFFFF) | 0x3F000000);
        std::memcpy(bytes.data() + i, &bits, sizeof(bits));
      }
    } else if (IsQuantizedStorage(tensor.dtype)) {
      std::ranges::generate(bytes, [&] { return static_cast<std::byte>(random() >> 13); });
    }
  }
  return inputs;
}

std::vector<std::string> KernelsOf(const Plan& plan) {
  std::vector<std::string> kernels;
  kernels.reserve(plan.nodes.size());
  for (const PlannedNode& node : plan.nodes) kernels.push_back(node.kernel);
  return kernels;
}

class Measurement {
 public:
  Measurement(const Network& network, const SessionOptions& options, ThreadPool& pool)
      : network_(network), graph_(network.graph()), options_(options), pool_(pool) {
    // Neither changes which kernels are the fastest.
    options_.keep_all_tensors = false;
    options_.profile = true;
  }

  std::vector<MeasuredPlan> Run() {
    for (const Candidate candidate : kCandidates) {
      const bool exists = candidate != Candidate::kOneDnn || kernels::onednn::RunSelfTest().exact;
      if (exists) Prepare(candidate);
    }
    if (variants_.size() > 1) TakeTurns();
    std::vector<MeasuredPlan> measured;
    for (const auto& variant : variants_) measured.push_back(Result(*variant));
    return measured;
  }

 private:
  // A variant with kernels that none before it has in the same places.
  void Prepare(Candidate candidate) {
    auto variant = std::make_unique<Variant>();
    variant->candidate = candidate;
    Plan plan =
        MakePlan(graph_, options_, variant->weights, Choices(graph_.nodes.size(), candidate));
    const std::vector<std::string> kernels = KernelsOf(plan);
    for (const auto& other : variants_) {
      if (KernelsOf(other->executor->plan()) == kernels) return;
    }
    bytes_ += variant->weights.bytes() + WorkingBytes(plan, options_.threads);
    const uint64_t needed = bytes_ + network_.weights().bytes(), limit = MemoryLimit(options_);
    if (needed > limit) {
      Fail(ErrorCode::kSystem, graph_.source, ": measuring candidates needs ", needed,
           " bytes, more than the limit of ", limit,
           "; allow more (max_memory_bytes) until the choices are in ", options_.tuning);
    }
    variant->executor.emplace(graph_, std::move(plan), options_, pool_);
    variants_.push_back(std::move(variant));
  }

  void TakeTurns() {
    using Clock = std::chrono::steady_clock;
    const auto inputs = RandomInputs(graph_);
    const auto start = Clock::now();
    for (int round = 0; round < kMostRounds; ++round) {
      if (round >= kLeastRounds && Clock::now() - start > kLongEnough) break;
      for (const auto& variant : variants_) {
        for (int i = 0; i < kRunsOfTurn; ++i) RunOn(inputs, *variant->executor);
      }
    }
  }

  void RunOn(const std::vector<std::vector<std::byte>>& inputs, Executor& executor) const {
    for (size_t i = 0; i < inputs.size(); ++i) {
      std::ranges::copy(inputs[i], executor.address(graph_.inputs[i]));
    }
    executor.Run();
  }

  MeasuredPlan Result(const Variant& variant) const {
    const Executor& executor = *variant.executor;
    MeasuredPlan result = {
        variant.candidate, KernelsOf(executor.plan()), executor.plan().runs_within, {}};
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      result.best_ns.push_back(executor.profile(i).best_ns);
    }
    return result;
  }

  const Network& network_;
  const graph::Graph& graph_;
  SessionOptions options_;
  ThreadPool& pool_;
  std::vector<std::unique_ptr<Variant>> variants_;
  uint64_t bytes_ = 0;  // of all variants
};

// The nodes of a layer in a plan.
TunedLayer::Candidate CandidateOf(const MeasuredPlan& plan, const std::vector<size_t>& nodes) {
  TunedLayer::Candidate candidate = {NameOf(plan.candidate), "", 0};
  for (const size_t node : nodes) {
    candidate.kernel += (node == nodes[0] ? "" : " + ") + plan.kernels[node];
    candidate.best_ns += plan.best_ns[node];
  }
  return candidate;
}

// The nodes that are chosen for together, by the last of them.
std::map<size_t, std::vector<size_t>> LayersOf(std::span<const MeasuredPlan> plans) {
  std::vector<size_t> within(plans[0].runs_within.size());
  for (size_t i = within.size(); i-- > 0;) {
    within[i] = i;
    for (const MeasuredPlan& plan : plans) {
      if (plan.runs_within[i] > i) within[i] = within[plan.runs_within[i]];
    }
  }
  std::map<size_t, std::vector<size_t>> layers;
  for (size_t i = 0; i < within.size(); ++i) layers[within[i]].push_back(i);
  return layers;
}

}  // namespace

std::vector<TunedLayer> ChooseFastest(const graph::Graph& graph,
                                      std::span<const MeasuredPlan> plans) {
  std::vector<TunedLayer> chosen;
  for (const auto& [last, nodes] : LayersOf(plans)) {
    TunedLayer layer;
    for (const size_t node : nodes) layer.nodes.push_back(graph.nodes[node].name);
    for (const MeasuredPlan& plan : plans) {
      TunedLayer::Candidate candidate = CandidateOf(plan, nodes);
      const auto same = [&](const auto& other) { return other.kernel == candidate.kernel; };
      if (std::ranges::none_of(layer.candidates, same)) {
        layer.candidates.push_back(std::move(candidate));
      }
    }
    if (layer.candidates.size() < 2) continue;
    const TunedLayer::Candidate& by_default = layer.candidates[0];
    const auto& fastest = *std::ranges::min_element(
        layer.candidates, {}, [](const auto& candidate) { return candidate.best_ns; });
    const bool clearly = fastest.best_ns * 100 <= by_default.best_ns * kClearlyFaster;
    layer.choice = clearly ? fastest.name : by_default.name;
    chosen.push_back(std::move(layer));
  }
  return chosen;
}

Choices ChoicesOf(const graph::Graph& graph, const std::vector<TunedLayer>& layers) {
  std::map<std::string_view, Candidate> by_name;
  for (const TunedLayer& layer : layers) {
    for (const std::string& node : layer.nodes) by_name[node] = *ParseCandidate(layer.choice);
  }
  Choices choices;
  for (const graph::Node& node : graph.nodes) {
    const auto found = by_name.find(node.name);
    choices.push_back(found == by_name.end() ? Candidate::kDefault : found->second);
  }
  return choices;
}

std::vector<TunedLayer> Tune(const Network& network, const SessionOptions& options,
                             ThreadPool& pool) {
  const TuningKey key = TuningKeyOf(network.graph(), options);
  if (auto found = FindTuning(options.tuning, key, network.graph())) return *std::move(found);
  AtomicFile file(options.tuning);  // where it cannot be written, that is said before measuring
  std::vector<TunedLayer> layers =
      ChooseFastest(network.graph(), Measurement(network, options, pool).Run());
  AddTuning(options.tuning, key, layers, file);
  return layers;
}

}  // namespace integra::runtime
