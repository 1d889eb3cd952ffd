// SaveNetwork(): a Graph becomes network.json and the weights beside it.
#include <algorithm>
#include <cmath>
#include <limits>
#include <new>
#include <optional>
#include <set>
#include <system_error>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/xxhash64.h"
#include "graph/json_writer.h"
#include "graph/network_file.h"
#include "graph/safetensors.h"
#include "graph/weights_backup.h"

namespace integra::graph {
namespace {

template <typename T>
std::span<const T> As(const SharedBytes& data) {
  return {data.as<T>(), data.size() / sizeof(T)};
}

template <typename T>
std::string Integers(std::span<const T> values) {
  return JsonList(values, [](T x) { return JsonNumber(int64_t{x}); });
}

class NetworkWriter {
 public:
  explicit NetworkWriter(const Graph& graph) : graph_(graph) {}

  // Fills weights() as a by-product: call it before.
  std::string TensorsAndNodes() {
    std::string text = "  \"inputs\": " + References(graph_.inputs) + ",\n";
    text += "  \"outputs\": " + References(graph_.outputs) + ",\n";
    text += "  \"tensors\": {\n" +
            Lines(graph_.tensors,
                  [&](const Tensor& tensor) {
                    return JsonQuote(tensor.name) + ": " + TensorText(tensor);
                  }) +
            "  },\n";
    text += "  \"nodes\": [\n" +
            Lines(graph_.nodes, [&](const Node& node) { return NodeText(node); }) + "  ]\n";
    return text;
  }

  const std::vector<StoredTensor>& weights() const { return weights_; }

 private:
  // One line for each item, so that a change of one shows as one line in a diff.
  template <typename List, typename Write>
  static std::string Lines(const List& list, const Write& write) {
    std::string text;
    for (size_t i = 0; i < list.size(); ++i) {
      text += "    " + write(list[i]) + (i + 1 < list.size() ? ",\n" : "\n");
    }
    return text;
  }

  std::string References(const std::vector<TensorId>& ids) const {
    return JsonList(ids, [&](TensorId id) {
      return id == kNoTensor ? std::string("null") : JsonQuote(graph_.tensor(id).name);
    });
  }

  // Puts a tensor into the weights file and returns the quoted name that it got there.
  std::string Store(std::string name, DataType dtype, Shape shape, SharedBytes data) {
    if (name == "__metadata__" || name.starts_with(kPaddingPrefix)) name = StrCat("'", name);
    while (!keys_.insert(name).second) name += "'";
    weights_.push_back({name, dtype, std::move(shape), std::move(data)});
    return JsonQuote(name);
  }

  template <typename T>
  std::string StoreList(const std::string& name, DataType dtype, std::vector<T> values) {
    const auto count = static_cast<int64_t>(values.size());
    JsonObject object;
    object.Add("weights", Store(name, dtype, {count}, SharedBytes::Own(std::move(values))));
    return object.Done();
  }

  std::string TensorText(const Tensor& tensor) {
    JsonObject object;
    object.Add("dtype", JsonQuote(integra::NameOf(tensor.dtype)));
    object.Add("shape", ToString(tensor.shape));
    if (!tensor.quantization.empty()) object.Add("quantization", QuantizationText(tensor));
    AddConstant(object, "data", "weights", tensor.name, tensor.dtype, tensor, tensor.data);
    AddConstant(object, "float_data", "float_weights", tensor.name + ".float", DataType::kFloat32,
                tensor, tensor.float_data);
    return object.Done();
  }

  void AddConstant(JsonObject& object, const char* in_place, const char* named,
                   const std::string& name, DataType dtype, const Tensor& tensor,
                   const SharedBytes& data) {
    if (data.size() == 0) return;
    const size_t count = data.size() / SizeOf(dtype);
    const bool writable = dtype != DataType::kFloat32 || AllFinite(As<float>(data));
    if (count <= kMaxInlineElements && writable) {
      object.Add(in_place, ElementsText(dtype, data));
    } else {
      object.Add(named, Store(name, dtype, tensor.shape, data));
    }
  }

  static bool AllFinite(std::span<const float> values) {  // JSON has no infinities
    return std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); });
  }

  static std::string ElementsText(DataType dtype, const SharedBytes& data) {
    switch (dtype) {
      case DataType::kFloat32:
        return JsonList(As<float>(data), [](float x) { return JsonNumber(x); });
      case DataType::kInt8:
        return Integers(As<int8_t>(data));
      case DataType::kUInt8:
        return Integers(As<uint8_t>(data));
      case DataType::kInt16:
        return Integers(As<int16_t>(data));
      case DataType::kInt32:
        return Integers(As<int32_t>(data));
      case DataType::kInt64:
        return Integers(As<int64_t>(data));
      case DataType::kBool:
        return JsonList(As<uint8_t>(data),
                        [](uint8_t x) { return std::string(x != 0 ? "true" : "false"); });
    }
    return "[]";  // GCOVR_EXCL_LINE: every type is above
  }

  std::string QuantizationText(const Tensor& tensor) {
    const Quantization& q = tensor.quantization;
    JsonObject object;
    if (!q.per_channel()) {
      object.Add("scale", JsonNumber(q.scale[0]));
    } else if (q.scale.size() <= kMaxInlineElements) {
      object.Add("scale", JsonList(q.scale, [](float x) { return JsonNumber(x); }));
    } else {
      object.Add("scale", StoreList(tensor.name + ".scale", DataType::kFloat32, q.scale));
    }
    const bool same = std::all_of(q.zero_point.begin(), q.zero_point.end(),
                                  [&](int32_t z) { return z == q.zero_point[0]; });
    if (same) {
      object.Add("zero_point", JsonNumber(int64_t{q.zero_point[0]}));
    } else if (q.zero_point.size() <= kMaxInlineElements) {
      object.Add("zero_point", Integers(std::span(q.zero_point)));
    } else {
      object.Add("zero_point",
                 StoreList(tensor.name + ".zero_point", DataType::kInt32, q.zero_point));
    }
    if (q.per_channel() || q.axis != 0) object.Add("axis", JsonNumber(int64_t{q.axis}));
    if (q.dynamic) object.Add("range", JsonQuote("dynamic"));
    return object.Done();
  }

  std::string NodeText(const Node& node) {
    JsonObject object;
    object.Add("name", JsonQuote(node.name));
    object.Add("type", JsonQuote(NameOf(node.type)));
    object.Add("inputs", References(node.inputs));
    object.Add("outputs", References(node.outputs));
    if (!node.attributes.empty()) {
      JsonObject attributes;
      for (const auto& [name, value] : node.attributes) {
        attributes.Add(name, AttributeText(node.name + "." + name, value));
      }
      object.Add("attributes", attributes.Done());
    }
    return object.Done();
  }

  std::string AttributeText(const std::string& key, const Attribute& value) {
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
    if (const auto* integer = std::get_if<int64_t>(&value)) return JsonNumber(*integer);
    if (const auto* real = std::get_if<double>(&value)) return JsonNumber(*real);
    if (const auto* text = std::get_if<std::string>(&value)) return JsonQuote(*text);
    if (const auto* reals = std::get_if<std::vector<double>>(&value)) {
      return JsonList(*reals, [](double x) { return JsonNumber(x); });
    }
    const auto& integers = std::get<std::vector<int64_t>>(value);
    if (integers.size() <= kMaxInlineElements) return Integers(std::span(integers));
    const bool narrow = std::all_of(integers.begin(), integers.end(), [](int64_t x) {
      return x >= std::numeric_limits<int32_t>::min() && x <= std::numeric_limits<int32_t>::max();
    });
    if (!narrow) return StoreList(key, DataType::kInt64, integers);
    std::vector<int32_t> values;
    values.reserve(integers.size());
    for (const int64_t x : integers) values.push_back(static_cast<int32_t>(x));
    return StoreList(key, DataType::kInt32, std::move(values));
  }

  const Graph& graph_;
  std::vector<StoredTensor> weights_;
  std::set<std::string> keys_;
};

void Save(const Graph& graph, const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    Fail(ErrorCode::kSystem, directory.string(), ": cannot be created: ", error.message());
  }
  NetworkWriter writer(graph);
  const std::string body = writer.TensorsAndNodes();
  std::string text = "{\n  \"format\": \"integra-network\",\n";
  text += StrCat("  \"version\": ", kFormatVersion, ",\n");
  text += "  \"name\": " + JsonQuote(graph.name) + ",\n";
  if (!graph.metadata.empty()) {
    JsonObject metadata;
    for (const auto& [key, value] : graph.metadata) metadata.Add(key, JsonQuote(value));
    text += "  \"metadata\": " + metadata.Done() + ",\n";
  }
  // Both files are complete before either is renamed: a full disk leaves the old network whole.
  const auto weights_path = directory / kWeightsFileName;
  std::optional<AtomicFile> weights;
  if (!writer.weights().empty()) {
    const uint64_t hash = WriteSafetensors(weights.emplace(weights_path), writer.weights());
    weights->Sync();
    text += StrCat("  \"weights\": ", JsonQuote(kWeightsFileName), ",\n");
    text += StrCat("  \"weights_xxh64\": ", JsonQuote(Xxhash64Text(hash)), ",\n");
  }
  AtomicFile network(directory / kNetworkFileName);
  network.Write(text + body + "}\n");
  network.Sync();
  if (weights) {
    KeepWeights(weights_path);
    weights->Commit();
  }
  network.Commit();
  RemoveBackups(weights_path);
}

}  // namespace

void SaveNetwork(const Graph& graph, const std::filesystem::path& directory) {
  try {
    Save(graph, directory);
  } catch (const std::bad_alloc&) {
    FailOutOfMemory(directory.native());
  }
}

}  // namespace integra::graph
