// LoadNetwork(): network.json and the weights beside it become a Graph.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>
#include <optional>
#include <system_error>
#include <unordered_map>

#include "base/error.h"
#include "base/mapped_file.h"
#include "base/suggestion.h"
#include "base/xxhash64.h"
#include "graph/json_reader.h"
#include "graph/network_file.h"
#include "graph/safetensors.h"
#include "graph/schema.h"

namespace integra::graph {
namespace {

std::vector<std::string> DataTypeNames() {
  std::vector<std::string> names;
  for (int i = 0; i <= static_cast<int>(DataType::kBool); ++i) {
    names.emplace_back(integra::NameOf(static_cast<DataType>(i)));
  }
  return names;
}

std::vector<std::string> OpTypeNames() {
  std::vector<std::string> names;
  for (size_t i = 0; i < kOpTypeCount; ++i) names.emplace_back(NameOf(static_cast<OpType>(i)));
  return names;
}

class NetworkReader {
 public:
  NetworkReader(const std::filesystem::path& path, std::string_view text, const LoadLimits& limits)
      : path_(path), json_(path.string(), text), limits_(limits) {}

  Graph Read() {
    JsonFields fields(json_, json_.root(), "");
    CheckVersion(fields);
    graph_.source = json_.source();
    graph_.name = json_.Text(fields.Require("name"), fields.Name("name"));
    if (const JsonValue* metadata = fields.Find("metadata")) ReadMetadata(*metadata);
    OpenWeights(fields.Find("weights"), fields.Find("weights_xxh64"));
    const JsonValue& inputs = fields.Require("inputs");
    const JsonValue& outputs = fields.Require("outputs");
    const JsonValue& tensors = fields.Require("tensors");
    const JsonValue& nodes = fields.Require("nodes");
    fields.RefuseOthers();
    for (const auto& [name, value] : json_.Object(tensors, "\"tensors\"")) ReadTensor(name, value);
    for (const JsonValue& node : json_.Array(nodes, "\"nodes\"")) ReadNode(node);
    graph_.inputs = ReadReferences(inputs, "\"inputs\"", false);
    graph_.outputs = ReadReferences(outputs, "\"outputs\"", false);
    for (const TensorId id : graph_.inputs) RequireShape(id, inputs);
    return std::move(graph_);
  }

 private:
  void CheckVersion(JsonFields& fields) {
    const JsonValue* format = fields.Find("format");
    if (format == nullptr || format->text() == nullptr || *format->text() != "integra-network") {
      Fail(ErrorCode::kInvalidFile, json_.source(),
           ": is not an Integra network: \"format\" has to be \"integra-network\"");
    }
    const JsonValue& version = fields.Require("version");
    const int64_t number = json_.Integer(version, fields.Name("version"));
    if (number < 1) json_.FailAt(version, "\"version\" ", number, " does not exist");
    if (number > kFormatVersion) {
      Fail(ErrorCode::kUnsupported, json_.source(), ":", version.line, ": format version ", number,
           " needs a newer Integra: this one reads versions up to ", kFormatVersion);
    }
  }

  void ReadMetadata(const JsonValue& metadata) {
    for (const auto& [key, value] : json_.Object(metadata, "\"metadata\"")) {
      graph_.metadata[key] = json_.Text(value, StrCat("metadata '", key, "'"));
    }
  }

  void OpenWeights(const JsonValue* name, const JsonValue* checksum) {
    if (name == nullptr) {
      if (checksum != nullptr) json_.FailAt(*checksum, "\"weights_xxh64\" without \"weights\"");
      return;
    }
    const std::string& file_name = json_.Text(*name, "\"weights\"");
    std::shared_ptr<const MappedFile> file;
    try {
      file = MappedFile::OpenInside(path_.parent_path(), file_name, limits_.max_weights_bytes);
    } catch (const Error& error) {
      Fail(error.code(), json_.source(), ":", name->line, ": \"weights\": ", error.what());
    }
    const std::string source = (path_.parent_path() / file_name).string();
    if (checksum != nullptr) {
      const std::string found = Xxhash64Text(Xxhash64(file->bytes()));
      if (const auto& expected = json_.Text(*checksum, "\"weights_xxh64\""); found != expected) {
        json_.FailAt(*checksum, source, " has the checksum ", found, ", not ", expected,
                     ": one of the two files is damaged or of another network. If the weights were "
                     "changed on purpose, correct or remove \"weights_xxh64\"");
      }
    }
    weights_.emplace(source, std::move(file));
  }

  // The safetensors entry that `value`, a field called `what`, names.
  StoredTensor Stored(const JsonValue& value, std::string_view what) const {
    const std::string& key = json_.Text(value, what);
    if (!weights_) json_.FailAt(value, what, ": the network names no \"weights\" file");
    return weights_->Get(key);
  }

  // A list of integers, in place or as {"weights": key}.
  std::vector<int64_t> StoredIntegers(const JsonValue& value, const std::string& what) const {
    JsonFields fields(json_, value, what);
    const JsonValue& key = fields.Require("weights");
    fields.RefuseOthers();
    const StoredTensor stored = Stored(key, what);
    if (stored.shape.size() == 1 && stored.dtype == DataType::kInt32) {
      const auto* data = stored.data.as<int32_t>();
      return {data, data + stored.shape[0]};
    }
    if (stored.shape.size() == 1 && stored.dtype == DataType::kInt64) {
      const auto* data = stored.data.as<int64_t>();
      return {data, data + stored.shape[0]};
    }
    json_.FailAt(value, what, ": '", stored.name,
                 "' in the weights file has to be int32 or int64 "
                 "with one dimension, not ",
                 integra::NameOf(stored.dtype), " ", ToString(stored.shape));
  }

  void ReadTensor(const std::string& name, const JsonValue& value) {
    const std::string what = StrCat("tensor '", name, "'");
    JsonFields fields(json_, value, what);
    Tensor tensor;
    tensor.name = name;
    const JsonValue& dtype = fields.Require("dtype");
    const std::string& dtype_name = json_.Text(dtype, fields.Name("dtype"));
    if (!ParseDataType(dtype_name, &tensor.dtype)) {
      json_.FailAt(dtype, what, ": unknown dtype '", dtype_name, "'",
                   DidYouMean(dtype_name, DataTypeNames()));
    }
    if (const JsonValue* shape = fields.Find("shape")) {
      tensor.shape = json_.Integers(*shape, fields.Name("shape"));
    }
    has_shape_.push_back(fields.Find("shape") != nullptr);
    if (const JsonValue* quantization = fields.Find("quantization")) {
      ReadQuantization(*quantization, StrCat(what, ": quantization"), tensor.quantization);
    }
    const JsonValue* data = fields.Find("data");
    const JsonValue* weights = fields.Find("weights");
    const JsonValue* float_data = fields.Find("float_data");
    const JsonValue* float_weights = fields.Find("float_weights");
    fields.RefuseOthers();
    tensor.data = ReadConstant(tensor, data, weights, what, tensor.dtype);
    tensor.float_data = ReadConstant(tensor, float_data, float_weights, what, DataType::kFloat32);
    const auto id = static_cast<TensorId>(graph_.tensors.size());
    graph_.tensors.push_back(std::move(tensor));
    if (graph_.tensors.back().is_constant()) RequireShape(id, value);
    ids_.emplace(name, id);
  }

  void RequireShape(TensorId id, const JsonValue& place) const {
    if (!has_shape_[static_cast<size_t>(id)]) {
      json_.FailAt(place, "tensor '", graph_.tensor(id).name, "': \"shape\" is missing");
    }
  }

  void ReadQuantization(const JsonValue& value, const std::string& what, Quantization& q) const {
    JsonFields fields(json_, value, what);
    q.scale = ReadScales(fields.Require("scale"), fields.Name("scale"));
    if (q.scale.empty()) json_.FailAt(value, fields.Name("scale"), " is empty");
    std::vector<int64_t> zero_points = {0};
    if (const JsonValue* zero_point = fields.Find("zero_point")) {
      zero_points = ReadZeroPoints(*zero_point, fields.Name("zero_point"));
    }
    if (zero_points.size() == 1) zero_points.resize(q.scale.size(), zero_points[0]);
    for (const int64_t zero_point : zero_points) {
      q.zero_point.push_back(NarrowTo<int32_t>(value, zero_point, fields.Name("zero_point")));
    }
    if (const JsonValue* axis = fields.Find("axis")) {
      q.axis = NarrowTo<int>(*axis, json_.Integer(*axis, fields.Name("axis")), fields.Name("axis"));
    }
    fields.RefuseOthers();
  }

  std::vector<float> ReadScales(const JsonValue& value, const std::string& what) const {
    std::vector<float> scales;
    if (value.object() != nullptr) {
      JsonFields fields(json_, value, what);
      const JsonValue& key = fields.Require("weights");
      fields.RefuseOthers();
      const StoredTensor stored = Stored(key, what);
      if (stored.shape.size() != 1 || stored.dtype != DataType::kFloat32) {
        json_.FailAt(value, what, ": '", stored.name, "' in the weights file has to be float32 ",
                     "with one dimension, not ", integra::NameOf(stored.dtype), " ",
                     ToString(stored.shape));
      }
      const auto* data = stored.data.as<float>();
      scales.assign(data, data + stored.shape[0]);
    } else if (value.array() != nullptr) {
      for (const JsonValue& item : *value.array()) {
        scales.push_back(static_cast<float>(json_.Number(item, what)));
      }
    } else {
      scales.push_back(static_cast<float>(json_.Number(value, what)));
    }
    return scales;
  }

  std::vector<int64_t> ReadZeroPoints(const JsonValue& value, const std::string& what) const {
    if (value.object() != nullptr) return StoredIntegers(value, what);
    if (value.array() != nullptr) return json_.Integers(value, what);
    return {json_.Integer(value, what)};
  }

  template <typename T>
  T NarrowTo(const JsonValue& place, int64_t value, std::string_view what) const {
    if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) {
      json_.FailAt(place, what, ": ", value, " is outside of ",
                   int64_t{std::numeric_limits<T>::min()}, " to ",
                   int64_t{std::numeric_limits<T>::max()});
    }
    return static_cast<T>(value);
  }

  // A constant's elements: in place ("data") or named ("weights"); at most one of both.
  SharedBytes ReadConstant(const Tensor& tensor, const JsonValue* in_place, const JsonValue* key,
                           const std::string& what, DataType dtype) const {
    if (in_place != nullptr && key != nullptr) {
      json_.FailAt(*key, what, ": data stands both here and in the weights file");
    }
    if (in_place != nullptr) return ReadElements(*in_place, what, dtype);
    if (key == nullptr) return {};
    StoredTensor stored = Stored(*key, what);
    if (stored.dtype != dtype || stored.shape != tensor.shape) {
      json_.FailAt(*key, what, " is ", integra::NameOf(dtype), " ", ToString(tensor.shape),
                   ", but '", stored.name, "' in the weights file is ",
                   integra::NameOf(stored.dtype), " ", ToString(stored.shape));
    }
    if (stored.data.size() == 0) json_.FailAt(*key, what, ": '", stored.name, "' is empty");
    return std::move(stored.data);
  }

  // How many there have to be is checked by Validate(), after the shape.
  SharedBytes ReadElements(const JsonValue& value, const std::string& what, DataType dtype) const {
    const auto& items = json_.Array(value, StrCat(what, ": \"data\""));
    if (items.empty()) json_.FailAt(value, what, ": \"data\" is empty");
    switch (dtype) {
      case DataType::kFloat32:
        return Elements<float>(items, [&](const JsonValue& item) {
          const auto x = static_cast<float>(json_.Number(item, what));
          if (!std::isfinite(x)) json_.FailAt(item, what, ": a number is too large for float32");
          return x;
        });
      case DataType::kInt8:
        return IntegerElements<int8_t>(items, what);
      case DataType::kUInt8:
        return IntegerElements<uint8_t>(items, what);
      case DataType::kInt16:
        return IntegerElements<int16_t>(items, what);
      case DataType::kInt32:
        return IntegerElements<int32_t>(items, what);
      case DataType::kInt64:
        return IntegerElements<int64_t>(items, what);
      case DataType::kBool:
        return Elements<uint8_t>(items, [&](const JsonValue& item) {
          if (item.boolean() == nullptr) {
            json_.FailAt(item, what, ": bool data has to be true or false");
          }
          return static_cast<uint8_t>(*item.boolean());
        });
    }
    json_.FailAt(value, what, ": data of an unknown type");
  }

  template <typename T>
  SharedBytes IntegerElements(const JsonValue::Array& items, const std::string& what) const {
    return Elements<T>(items, [&](const JsonValue& item) {
      return NarrowTo<T>(item, json_.Integer(item, StrCat(what, ": an element of \"data\"")), what);
    });
  }

  template <typename T, typename Convert>
  SharedBytes Elements(const JsonValue::Array& items, const Convert& convert) const {
    std::vector<T> values;
    values.reserve(items.size());
    for (const JsonValue& item : items) values.push_back(convert(item));
    return SharedBytes::Own(std::move(values));
  }

  TensorId Resolve(const JsonValue& value, std::string_view what) const {
    const std::string& name = json_.Text(value, what);
    const auto found = ids_.find(name);
    if (found != ids_.end()) return found->second;
    std::vector<std::string> names;
    for (const Tensor& tensor : graph_.tensors) names.push_back(tensor.name);
    json_.FailAt(value, what, ": there is no tensor '", name, "'", DidYouMean(name, names));
  }

  std::vector<TensorId> ReadReferences(const JsonValue& value, const std::string& what,
                                       bool may_be_absent) const {
    std::vector<TensorId> ids;
    for (const JsonValue& item : json_.Array(value, what)) {
      ids.push_back(may_be_absent && item.is_null() ? kNoTensor : Resolve(item, what));
    }
    return ids;
  }

  void ReadNode(const JsonValue& value) {
    std::string what = StrCat("node ", graph_.nodes.size());
    if (value.object() != nullptr) {
      JsonFields named(json_, value, what);
      const JsonValue& name = named.Require("name");
      what = StrCat("node '", json_.Text(name, named.Name("name")), "'");
    }
    JsonFields fields(json_, value, what);
    Node node;
    node.name = json_.Text(fields.Require("name"), fields.Name("name"));
    const JsonValue& type = fields.Require("type");
    const std::string& type_name = json_.Text(type, fields.Name("type"));
    const auto parsed = ParseOpType(type_name);
    if (!parsed) {
      Fail(ErrorCode::kUnsupported, json_.source(), ":", type.line, ": ", what,
           ": unknown operator '", type_name, "'", DidYouMean(type_name, OpTypeNames()));
    }
    node.type = *parsed;
    node.inputs = ReadReferences(fields.Require("inputs"), fields.Name("inputs"), true);
    node.outputs = ReadReferences(fields.Require("outputs"), fields.Name("outputs"), false);
    if (const JsonValue* attributes = fields.Find("attributes")) {
      for (const auto& [key, item] : json_.Object(*attributes, fields.Name("attributes"))) {
        node.attributes.emplace(key, ReadAttribute(item, StrCat(what, ": attribute '", key, "'")));
      }
    }
    fields.RefuseOthers();
    graph_.nodes.push_back(std::move(node));
  }

  Attribute ReadAttribute(const JsonValue& value, const std::string& what) const {
    if (value.object() != nullptr) return StoredIntegers(value, what);
    if (value.array() != nullptr) return ReadListAttribute(value, what);
    if (value.boolean() != nullptr) return *value.boolean();
    if (value.integer() != nullptr) return *value.integer();
    if (value.real() != nullptr) return *value.real();
    if (value.text() != nullptr) return *value.text();
    json_.FailAt(value, what, " is null");
  }

  Attribute ReadListAttribute(const JsonValue& value, const std::string& what) const {
    const auto& items = *value.array();
    const bool integers = std::all_of(items.begin(), items.end(), [](const JsonValue& item) {
      return item.integer() != nullptr;
    });
    if (integers) return json_.Integers(value, what);
    std::vector<double> reals;
    for (const JsonValue& item : items) {
      reals.push_back(json_.Number(item, StrCat(what, ": an element")));
    }
    return reals;
  }

  const std::filesystem::path path_;
  const JsonDocument json_;
  const LoadLimits limits_;
  std::optional<SafetensorsReader> weights_;
  Graph graph_;
  std::vector<bool> has_shape_;  // per tensor
  std::unordered_map<std::string, TensorId> ids_;
};

}  // namespace

Graph LoadNetwork(const std::filesystem::path& path, const LoadLimits& limits) {
  std::error_code error;
  const bool is_folder = std::filesystem::is_directory(path, error);
  const std::filesystem::path file_path = is_folder ? path / kNetworkFileName : path;
  try {
    const auto file = MappedFile::Open(file_path, limits.max_network_bytes);
    Graph graph = NetworkReader(file_path, file->text(), limits).Read();
    Validate(graph);
    return graph;
  } catch (const std::bad_alloc&) {
    Fail(ErrorCode::kSystem, file_path.string(), ": there is not enough memory to load it");
  }
}

}  // namespace integra::graph
