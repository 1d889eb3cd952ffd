#include "quantize/checkpoint.h"

#include <utility>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/mapped_file.h"
#include "base/xxhash64.h"
#include "graph/graph.h"

namespace integra::quantize {
namespace {

using graph::StoredTensor;
using graph::TensorId;

constexpr int64_t kVersion = 1;

// Two networks with the same fingerprint give observers the same to see.
int64_t Fingerprint(const graph::Graph& graph) {
  Xxhash64Stream hash;
  const auto number = [&](int64_t x) { hash.Update(std::as_bytes(std::span(&x, 1))); };
  for (const graph::Tensor& tensor : graph.tensors) {
    hash.Update(std::as_bytes(std::span(tensor.name)));
    number(ElementCount(tensor.shape));
    hash.Update(tensor.data.bytes);
  }
  for (const graph::Node& node : graph.nodes) {
    hash.Update(std::as_bytes(std::span(node.name)));
    number(static_cast<int64_t>(node.type));
    for (const TensorId id : node.inputs) number(id);
  }
  return static_cast<int64_t>(hash.Digest());
}

template <typename T>
std::vector<T> Numbers(const graph::SafetensorsReader& state, const std::string& name,
                       DataType dtype, int64_t count) {
  const StoredTensor stored = state.Get(name);
  if (stored.dtype != dtype || stored.shape != Shape{count}) {
    Fail(ErrorCode::kInvalidFile, state.source(), ": '", name,
         "' is not what this run keeps; delete the file to start anew");
  }
  return {stored.data.as<T>(), stored.data.as<T>() + count};
}

}  // namespace

StoredTensor Stored(std::string name, std::vector<int64_t> numbers) {
  const auto size = static_cast<int64_t>(numbers.size());
  return {std::move(name), DataType::kInt64, {size}, SharedBytes::Own(std::move(numbers))};
}

StoredTensor Stored(std::string name, std::vector<float> numbers) {
  const auto size = static_cast<int64_t>(numbers.size());
  return {std::move(name), DataType::kFloat32, {size}, SharedBytes::Own(std::move(numbers))};
}

std::vector<int64_t> StoredNumbers(const graph::SafetensorsReader& state, const std::string& name,
                                   int64_t count) {
  return Numbers<int64_t>(state, name, DataType::kInt64, count);
}

std::vector<float> StoredFloats(const graph::SafetensorsReader& state, const std::string& name,
                                int64_t count) {
  return Numbers<float>(state, name, DataType::kFloat32, count);
}

Checkpoint::Checkpoint(std::filesystem::path path, double seconds, const Network& network,
                       int64_t samples)
    : path_(std::move(path)), seconds_(seconds), saved_(std::chrono::steady_clock::now()) {
  if (!path_.empty()) owner_ = {kVersion, Fingerprint(network.graph()), samples};
}

int64_t Checkpoint::Restore(Resumable& run) {
  if (path_.empty() || !std::filesystem::exists(path_)) return 0;
  constexpr uint64_t kMaxBytes = uint64_t{1} << 40;
  const graph::SafetensorsReader state(path_.string(), MappedFile::Open(path_, kMaxBytes));
  std::vector<int64_t> found = StoredNumbers(state, "run", static_cast<int64_t>(owner_.size()) + 1);
  const int64_t done = found.back();
  found.pop_back();
  if (found != owner_ || done < 0 || done > owner_.back()) {
    Fail(ErrorCode::kInvalidFile, path_.string(),
         ": was written for another network, recipe or number of samples; delete it to start anew");
  }
  run.Restore(state);
  return done;
}

void Checkpoint::Save(const Resumable& run, int64_t done, bool last) {
  if (path_.empty()) return;
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - saved_;
  if (!last && passed.count() < seconds_) return;
  std::vector<StoredTensor> tensors = run.Save();
  std::vector<int64_t> head = owner_;
  head.push_back(done);
  tensors.insert(tensors.begin(), Stored("run", std::move(head)));
  AtomicFile file(path_);
  graph::WriteSafetensors(file, tensors);
  file.Commit();
  saved_ = std::chrono::steady_clock::now();
}

}  // namespace integra::quantize
