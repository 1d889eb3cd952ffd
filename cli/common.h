// What several verbs share: options, opening networks, sessions of any mode, buffers.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "integra/float_session.hpp"
#include "integra/network.hpp"
#include "integra/session.hpp"

namespace CLI {
class App;
}

namespace integra::cli {

// The positional argument NETWORK of most verbs.
void AddNetworkOption(CLI::App& verb, std::filesystem::path& path);

// A folder with network.json, a network file, or a .tflite file, which is imported on the fly.
Network OpenNetwork(const std::filesystem::path& path);

// How to run a network; the options that run and bench share.
struct RunOptions {
  std::string mode = "integer";
  int threads = 1;
  int64_t batch = 1;
  bool require_integer = false;
  std::string max_isa;
  std::string gemm;
  std::string tune;
  bool keep_all_tensors = false;
  bool profile = false;
};
void AddRunOptions(CLI::App& verb, RunOptions& options);

// Throws Error (kInvalidArgument) for an unknown name.
Mode ModeOf(const std::string& name);

// The nodes that integer mode would run in float, as "'name' (op)".
std::vector<std::string> FloatNodesOf(const Network& network);

// A session in any mode.
class AnySession {
 public:
  // Throws Error; with require_integer kUnsupported, naming the nodes that compute in float.
  AnySession(const Network& network, const RunOptions& options);

  const std::vector<TensorInfo>& inputs() const;
  const std::vector<TensorInfo>& outputs() const;
  void Run(std::span<const std::span<const std::byte>> inputs,
           std::span<const std::span<std::byte>> outputs);
  std::vector<std::byte> ReadTensor(const std::string& name) const;
  // As FloatSession::ReadRatio.
  double ReadRatio(const std::string& name) const;
  std::vector<NodeProfile> Profile() const;
  const Session* integer() const { return integer_ ? &*integer_ : nullptr; }

 private:
  std::optional<Session> integer_;
  std::optional<FloatSession> float_;
};

// One buffer per tensor, and the views of them that a session takes.
class Buffers {
 public:
  explicit Buffers(const std::vector<TensorInfo>& tensors);
  std::span<const std::span<std::byte>> writable() const { return writable_; }
  std::span<const std::span<const std::byte>> readable() const { return readable_; }

 private:
  std::vector<AlignedBuffer> buffers_;
  std::vector<std::span<std::byte>> writable_;
  std::vector<std::span<const std::byte>> readable_;
};

size_t ByteSize(const TensorInfo& info);

// "int8 [1, 224, 224, 3], scale 0.0078, zero point 128"
std::string DescribeTensor(const TensorInfo& info);

// Writes a whole file or none of it; "-" is standard output.
void WriteFile(const std::filesystem::path& path, std::string_view text);

}  // namespace integra::cli
