// A session runs a network in integer mode. It owns the memory of one run; a network can have any
// number of sessions, each used by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "integra/export.h"
#include "integra/network.hpp"

namespace integra {

// Runs the nodes of a network that compute in float (for example a decoder behind the integer
// part). integra::tools has one (FloatIslands() in float_session.hpp); without it such networks are
// refused.
class FloatNodes;

// Threads that any number of sessions share: where several run at once, their layers take turns.
// `threads` counts the one that calls Run; 0 stands for UsableProcessors(). Throws Error.
class ThreadPool;
INTEGRA_API std::shared_ptr<ThreadPool> MakeThreadPool(int threads);

// The processors that this process may use: its affinity mask and the CPU quotas of its control
// groups (containers) count, not what the machine has.
INTEGRA_API int UsableProcessors();

struct SessionOptions {
  // Threads that work on one Run, the caller's included, and never more; 0: UsableProcessors().
  int threads = 1;
  std::shared_ptr<ThreadPool> pool = nullptr;  // threads shared with other sessions, not `threads`
  int64_t batch = 1;  // samples per Run: dimension 0 of every input and output is multiplied by it
  // "portable", "sse41", "avx2", "avx2_vnni", "avx512", "avx512_vnni"; "": the CPU's own.
  std::string max_isa = "";
  std::string gemm = "";          // "" chooses per layer; "onednn", "own", "reference" force one
  bool keep_all_tensors = false;  // keep every intermediate tensor readable after Run (debugging)
  bool profile = false;           // measure every node
  const FloatNodes* float_nodes = nullptr;
  // Most bytes that activations, scratch and packed weights may take together; a network that needs
  // more is refused (kSystem) before they are allocated. 0: what the machine has.
  uint64_t max_memory_bytes = 0;
  // Asked before every node, by the thread that called Run; true ends the run with kCancelled. The
  // outputs then hold anything, and the session can run again. Empty: never asked.
  std::function<bool()> should_stop = {};
  // Path of a file of kernel choices; "": kernels are chosen without measuring. A session takes the
  // choices that the file holds for its network, processor, instruction set, number of threads and
  // these versions of Integra and oneDNN. Where there are none, making the session measures the
  // candidates of every layer (about a second, in which should_stop is asked, too) and adds the
  // fastest to the file. Outputs are the same bits in any case. Errors: kInvalidFile where the file
  // is not one of choices or does not fit the network; kSystem where it cannot be written, or where
  // the plans that are measured, up to seven at a time, take more than max_memory_bytes together.
  // Excludes `gemm`.
  std::string tuning = "";
};

// What the plan decided for one node, and how long it took.
struct NodeProfile {
  std::string node;
  std::string op;
  std::string kernel;  // which kernel was chosen, and why where that is not obvious
  uint64_t multiply_accumulates = 0;
  uint64_t calls = 0;
  uint64_t total_ns = 0;
  uint64_t best_ns = 0;
};

// Layers of which several kernels were candidates (SessionOptions::tuning).
struct TunedLayer {
  struct Candidate {
    std::string name;      // "default": the kernel that is taken without measuring
    std::string kernel;    // of all nodes of the layer
    uint64_t best_ns = 0;  // of the same
  };
  std::vector<std::string> nodes;  // one, or those that may run as one step
  std::string choice;              // name of a candidate
  std::vector<Candidate> candidates;
};

struct MemoryUse {
  size_t arena_bytes = 0;           // activations
  size_t arena_lower_bound = 0;     // largest sum of tensors alive together: no plan can be smaller
  size_t scratch_bytes = 0;         // all threads
  size_t packed_weights_bytes = 0;  // shared with other sessions of this network
};

// The scale of a tensor with a dynamic range is, after a run, its nominal one times
// multiplier / 2^(31 + shift); that of others is as the network says (the ratio 1).
struct RangeRatio {
  int32_t multiplier = 1 << 30;
  int32_t shift = -1;
};

class INTEGRA_API Session {
 public:
  // Plans the network: chooses kernels, packs weights, lays out memory. Throws Error, kCancelled
  // too where kernels are measured (options.tuning).
  explicit Session(const Network& network, const SessionOptions& options = {});
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  // Inputs and outputs with the batch size applied.
  const std::vector<TensorInfo>& inputs() const;
  const std::vector<TensorInfo>& outputs() const;

  // Runs once. inputs[i] and outputs[i] are the caller's buffers, dense, in the network's dtype and
  // of exactly inputs()[i]'s / outputs()[i]'s size. Allocates nothing. Throws Error
  // (kInvalidArgument) where count or sizes are wrong; then nothing has run. Throws kCancelled
  // where should_stop asks for it.
  void Run(std::span<const std::span<const std::byte>> inputs,
           std::span<const std::span<std::byte>> outputs);

  // The value of any tensor after the last Run, in its own dtype (the last sample of a batch).
  // Needs keep_all_tensors for tensors that are not outputs.
  std::vector<std::byte> ReadTensor(const std::string& name) const;

  RangeRatio ReadRatio(const std::string& name) const;

  std::vector<NodeProfile> Profile() const;
  void WriteChromeTrace(std::ostream& out) const;  // of the last Run; needs options.profile
  MemoryUse memory() const;
  // Empty without options.tuning.
  const std::vector<TunedLayer>& Tuning() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace integra
