// Running a network in floating point: modes `float` and `simulated`. Part of integra::tools.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "integra/export.h"
#include "integra/network.hpp"
#include "integra/session.hpp"

namespace integra {

// How a network is run.
//   float      the original network in float32. A network that has no float weights uses its
//              dequantized ones; activations are not rounded.
//   simulated  float arithmetic on values that are rounded to the quantized grid wherever integer
//              mode would store them (weights, biases, activations), as in training with
//              quantization: real values that are exactly scale * (q - zero_point).
//   integer    class Session.
enum class Mode : uint8_t { kFloat, kSimulated, kInteger };

INTEGRA_API const char* NameOf(Mode mode);  // "float", "simulated", "integer"
INTEGRA_API bool ParseMode(std::string_view name, Mode* mode);

struct FloatSessionOptions {
  Mode mode = Mode::kFloat;       // kFloat or kSimulated
  int threads = 1;                // OpenMP threads of one Run; 0: UsableProcessors()
  int64_t batch = 1;              // samples per Run: dimension 0 of every input and output times it
  bool keep_all_tensors = false;  // keep every intermediate tensor readable after Run
  bool profile = false;           // measure every node
  bool reference = false;         // plain loops instead of oneDNN (slow; for checking)
};

// A session of a network in floating point, with the interface of Session: bytes go in and come out
// in the network's own types, so that the modes are interchangeable. One thread at a time uses it.
class INTEGRA_API FloatSession {
 public:
  // Throws Error (kInvalidArgument, kUnsupported).
  explicit FloatSession(const Network& network, const FloatSessionOptions& options = {});
  ~FloatSession();
  FloatSession(FloatSession&&) noexcept;
  FloatSession& operator=(FloatSession&&) noexcept;

  // Inputs and outputs with the batch size applied.
  const std::vector<TensorInfo>& inputs() const;
  const std::vector<TensorInfo>& outputs() const;

  // Runs once; buffers as for Session::Run. Quantized inputs are dequantized, quantized outputs
  // rounded to the nearest step (half away from zero) and clamped.
  void Run(std::span<const std::span<const std::byte>> inputs,
           std::span<const std::span<std::byte>> outputs);

  // The real values of output `i` of the last Run, before they were rounded to the output's type;
  // integers without a scale are converted.
  std::vector<float> OutputValues(size_t i) const;

  // The real values of any tensor after the last Run (of the last sample of a batch). Needs
  // keep_all_tensors for tensors that are not outputs.
  std::vector<float> ReadValues(const std::string& name) const;
  // The same in the tensor's own type, rounded and clamped where that is quantized.
  std::vector<std::byte> ReadTensor(const std::string& name) const;
  // The scale of a tensor with a dynamic range over its nominal one, in that run; 1 of others.
  double ReadRatio(const std::string& name) const;

  std::vector<NodeProfile> Profile() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// For SessionOptions::float_nodes: runs the nodes of an integer network that read or write float32
// tensors (conversions at its edges, a decoder behind it) with float arithmetic. Lives forever.
INTEGRA_API const FloatNodes* FloatIslands();

}  // namespace integra
