#include "cli/common.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "cli/console.h"
#include "graph/graph.h"
#include "integra/import.hpp"
#include "kernels/isa.h"
#include "runtime/float/grid.h"

namespace integra::cli {

void AddNetworkOption(CLI::App& verb, std::filesystem::path& path) {
  verb.add_option("network", path, "A network folder, network file or .tflite file")
      ->required()
      ->type_name("NETWORK");
}

Network OpenNetwork(const std::filesystem::path& path) {
  const auto extension = path.extension();
  return extension == ".tflite" || extension == ".onnx" ? Import(path) : Network::Load(path);
}

void AddRunOptions(CLI::App& verb, RunOptions& options) {
  verb.add_option("--mode", options.mode, "integer (default), simulated or float")
      ->type_name("MODE");
  verb.add_option("--threads", options.threads,
                  "Threads that work on one inference (default 1; 0: every usable processor)")
      ->type_name("N");
  verb.add_flag("--require-integer", options.require_integer,
                "Refuse networks with nodes that compute in float");
  verb.add_option("--max-isa", options.max_isa, "Use no newer instructions: " + kernels::IsaNames())
      ->type_name("ISA");
  verb.add_option("--gemm", options.gemm, "Force one matrix product: onednn, own, reference")
      ->type_name("KIND");
  verb.add_option("--tune", options.tune,
                  "Measure which kernels are fastest here, once, and keep the choices in FILE")
      ->type_name("FILE");
}

Mode ModeOf(const std::string& name) {
  Mode mode;
  if (!ParseMode(name, &mode)) {
    Fail(ErrorCode::kInvalidArgument, "unknown mode '", name,
         "'; known are integer, simulated, float");
  }
  return mode;
}

std::vector<std::string> FloatNodesOf(const Network& network) {
  std::vector<std::string> found;
  for (const graph::Node& node : network.graph().nodes) {
    if (graph::IsFloatNode(network.graph(), node)) {
      found.push_back(StrCat("'", node.name, "' (", graph::NameOf(node.type), ")"));
    }
  }
  return found;
}

namespace {

void RequireInteger(const Network& network) {
  const std::vector<std::string> found = FloatNodesOf(network);
  if (found.empty()) return;
  Fail(ErrorCode::kUnsupported, network.graph().source, ": ", found.size(), " of ",
       network.graph().nodes.size(),
       " nodes compute in float: ", fmt::format("{}", fmt::join(found, ", ")),
       "; without --require-integer they run");
}

}  // namespace

AnySession::AnySession(const Network& network, const RunOptions& options) {
  const Mode mode = ModeOf(options.mode);
  if (options.require_integer) {
    if (mode != Mode::kInteger) {
      Fail(ErrorCode::kInvalidArgument, "--require-integer and --mode ", options.mode,
           " exclude each other");
    }
    RequireInteger(network);
  }
  if (!options.tune.empty() && (mode != Mode::kInteger || !options.gemm.empty())) {
    Fail(ErrorCode::kInvalidArgument, "--tune needs --mode integer, and no --gemm");
  }
  if (mode == Mode::kInteger) {
    integer_.emplace(network, SessionOptions{.threads = options.threads,
                                             .batch = options.batch,
                                             .max_isa = options.max_isa,
                                             .gemm = options.gemm,
                                             .keep_all_tensors = options.keep_all_tensors,
                                             .profile = options.profile,
                                             .float_nodes = FloatIslands(),
                                             .tuning = options.tune});
    return;
  }
  if (!options.max_isa.empty() || !options.gemm.empty()) {
    Fail(ErrorCode::kInvalidArgument, "--max-isa and --gemm need --mode integer");
  }
  float_.emplace(network, FloatSessionOptions{.mode = mode,
                                              .threads = options.threads,
                                              .batch = options.batch,
                                              .keep_all_tensors = options.keep_all_tensors,
                                              .profile = options.profile});
}

const std::vector<TensorInfo>& AnySession::inputs() const {
  return integer_ ? integer_->inputs() : float_->inputs();
}

const std::vector<TensorInfo>& AnySession::outputs() const {
  return integer_ ? integer_->outputs() : float_->outputs();
}

void AnySession::Run(std::span<const std::span<const std::byte>> inputs,
                     std::span<const std::span<std::byte>> outputs) {
  integer_ ? integer_->Run(inputs, outputs) : float_->Run(inputs, outputs);
}

std::vector<std::byte> AnySession::ReadTensor(const std::string& name) const {
  return integer_ ? integer_->ReadTensor(name) : float_->ReadTensor(name);
}

double AnySession::ReadRatio(const std::string& name) const {
  return integer_ ? floats::RealRatio(integer_->ReadRatio(name)) : float_->ReadRatio(name);
}

std::vector<NodeProfile> AnySession::Profile() const {
  return integer_ ? integer_->Profile() : float_->Profile();
}

Buffers::Buffers(const std::vector<TensorInfo>& tensors) {
  for (const TensorInfo& info : tensors) {
    const AlignedBuffer& buffer = buffers_.emplace_back(ByteSize(info));
    writable_.push_back({buffer.data(), buffer.size()});
    readable_.push_back({buffer.data(), buffer.size()});
  }
}

size_t ByteSize(const TensorInfo& info) {
  return static_cast<size_t>(ElementCount(info.shape)) * SizeOf(info.dtype);
}

std::string DescribeTensor(const TensorInfo& info) {
  std::string text = StrCat(NameOf(info.dtype), " ", ToString(info.shape));
  const Quantization& q = info.quantization;
  if (q.per_channel()) {
    text += fmt::format(", {} scales along axis {}", q.scale.size(), q.axis);
  } else if (!q.empty()) {
    text += fmt::format(", scale {:.7g}, zero point {}", q.scale[0], q.zero_point.at(0));
  }
  return text;
}

void WriteFile(const std::filesystem::path& path, std::string_view text) {
  if (path == "-") {
    WriteOut(text);
    return;
  }
  AtomicFile file(path);
  file.Write(text);
  file.Commit();
}

}  // namespace integra::cli
