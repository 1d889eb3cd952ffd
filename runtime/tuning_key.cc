#include "runtime/tuning_key.h"

#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/xxhash64.h"
#include "graph/dynamic_range.h"
#include "integra/version.hpp"
#include "kernels/onednn/matmul.h"
#include "kernels/processor.h"
#include "runtime/plan.h"

namespace integra::runtime {
namespace {

class Hash {
 public:
  void Add(int64_t value) { stream_.Update(std::as_bytes(std::span(&value, 1))); }
  void Add(std::string_view text) {
    Add(static_cast<int64_t>(text.size()));
    stream_.Update(std::as_bytes(std::span(text)));
  }
  template <typename Integer>
  void Add(const std::vector<Integer>& values) {
    Add(static_cast<int64_t>(values.size()));
    for (const Integer value : values) Add(int64_t{value});
  }
  std::string text() const { return Xxhash64Text(stream_.Digest()); }

 private:
  Xxhash64Stream stream_;
};

// Real numbers do not matter to speed.
void AddAttribute(const graph::Attribute& attribute, Hash& hash) {
  if (const auto* flag = std::get_if<bool>(&attribute)) hash.Add(int64_t{*flag});
  if (const auto* number = std::get_if<int64_t>(&attribute)) hash.Add(*number);
  if (const auto* text = std::get_if<std::string>(&attribute)) hash.Add(*text);
  if (const auto* list = std::get_if<std::vector<int64_t>>(&attribute)) hash.Add(*list);
}

std::string HashOf(const graph::Graph& graph) {
  Hash hash;
  for (const graph::Tensor& tensor : graph.tensors) {
    hash.Add(NameOf(tensor.dtype));
    hash.Add(tensor.shape);
    hash.Add(int64_t{tensor.is_constant()});
  }
  hash.Add(graph::RangeOwners(graph));
  for (const graph::Node& node : graph.nodes) {
    hash.Add(node.name);
    hash.Add(graph::NameOf(node.type));
    hash.Add(node.inputs);
    hash.Add(node.outputs);
    for (const auto& [name, attribute] : node.attributes) {
      hash.Add(name);
      AddAttribute(attribute, hash);
    }
  }
  hash.Add(graph.inputs);
  hash.Add(graph.outputs);
  return hash.text();
}

}  // namespace

TuningKey TuningKeyOf(const graph::Graph& graph, const SessionOptions& options) {
  return {StrCat(graph.name, " ", HashOf(graph)),
          kernels::ProcessorName(),
          kernels::NameOf(IsaOf(graph, options)),
          options.threads,
          Version(),
          kernels::onednn::Version()};
}

}  // namespace integra::runtime
