// LoadNetwork(): network.json and the weights beside it become a Graph.
#include <new>
#include <optional>
#include <system_error>

#include "base/error.h"
#include "base/mapped_file.h"
#include "base/name_index.h"
#include "base/suggestion.h"
#include "base/xxhash64.h"
#include "graph/json_reader.h"
#include "graph/network_file.h"
#include "graph/network_values.h"
#include "graph/safetensors.h"
#include "graph/schema.h"
#include "graph/weights_backup.h"

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

constexpr int kAttempts = 5;  // at reading two files that go together

class ChecksumMismatch : public Error {
 public:
  explicit ChecksumMismatch(const std::string& message)
      : Error(ErrorCode::kInvalidFile, Printable(message)) {}
};

class NetworkReader {
 public:
  NetworkReader(const std::filesystem::path& path, std::string_view text,
                const LoadOptions& options)
      : path_(path), json_(path.string(), text), options_(options) {}

  Graph Read() {
    JsonFields fields(json_, json_.root(), {});
    CheckVersion(fields);
    graph_.source = json_.source();
    graph_.name = json_.Text(fields.Require("name"), fields.Name("name"));
    if (const JsonValue* metadata = fields.Find("metadata")) ReadMetadata(*metadata);
    OpenWeights(fields.Find("weights"), fields.Find("weights_xxh64"));
    values_.emplace(json_, weights_ ? &*weights_ : nullptr);
    const JsonValue& inputs = fields.Require("inputs");
    const JsonValue& outputs = fields.Require("outputs");
    const JsonValue& tensors = fields.Require("tensors");
    const JsonValue& nodes = fields.Require("nodes");
    fields.RefuseOthers();
    ReadTensors(json_.Object(tensors, {"\"tensors\""}));
    ReadNodes(json_.Array(nodes, {"\"nodes\""}));
    graph_.inputs = ReadReferences(inputs, {"\"inputs\""}, false);
    graph_.outputs = ReadReferences(outputs, {"\"outputs\""}, false);
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
    for (const auto& [key, value] : json_.Object(metadata, {"\"metadata\""})) {
      graph_.metadata[std::string(key)] = json_.Text(value, {"metadata '", key, "'"});
    }
  }

  void OpenWeights(const JsonValue* name, const JsonValue* checksum) {
    if (name == nullptr) {
      if (checksum != nullptr) json_.FailAt(*checksum, "\"weights_xxh64\" without \"weights\"");
      return;
    }
    const std::string file_name(json_.Text(*name, {"\"weights\""}));
    std::shared_ptr<const MappedFile> file;
    try {
      file = MappedFile::OpenInside(path_.parent_path(), file_name, options_.max_weights_bytes);
    } catch (const Error& error) {
      Fail(error.code(), json_.source(), ":", name->line, ": \"weights\": ", error.what());
    }
    const std::string source = (path_.parent_path() / file_name).string();
    if (checksum != nullptr) {
      const std::string_view expected = json_.Text(*checksum, {"\"weights_xxh64\""});
      const std::string found = ChecksumOf(*file);
      if (found != expected) file = OpenBackup(file_name, expected);
      if (file == nullptr) {
        throw ChecksumMismatch(StrCat(
            json_.source(), ":", checksum->line, ": ", source, " has the checksum ", found,
            ", not ", expected,
            ": one of the two files is damaged or of another network. If the weights were changed "
            "on purpose, correct or remove \"weights_xxh64\""));
      }
    }
    weights_.emplace(source, std::move(file));
  }

  static std::string ChecksumOf(const MappedFile& file) {
    return Xxhash64Text(Xxhash64(file.bytes()));
  }

  // The old weights, where a writer has already replaced them but not yet the network file.
  std::shared_ptr<const MappedFile> OpenBackup(const std::string& weights,
                                               std::string_view checksum) const {
    const auto backup = BackupOf(weights, checksum);
    if (backup.empty()) return nullptr;
    try {
      auto file = MappedFile::OpenInside(path_.parent_path(), backup, options_.max_weights_bytes);
      return ChecksumOf(*file) == checksum ? file : nullptr;
    } catch (const Error&) {
      return nullptr;
    }
  }

  void ReadTensors(JsonValue::Object tensors) {
    graph_.tensors.reserve(tensors.size());
    ids_.Reserve(tensors.size());
    for (const auto& [name, value] : tensors) ReadTensor(name, value);
  }

  void ReadTensor(std::string_view name, const JsonValue& value) {
    const JsonSubject what = {"tensor '", name, "'"};
    JsonFields fields(json_, value, what);
    Tensor tensor;
    tensor.name = name;
    const JsonValue& dtype = fields.Require("dtype");
    const std::string_view dtype_name = json_.Text(dtype, fields.Name("dtype"));
    if (!ParseDataType(dtype_name, &tensor.dtype)) {
      json_.FailAt(dtype, what, ": unknown dtype '", dtype_name, "'",
                   DidYouMean(dtype_name, DataTypeNames()));
    }
    if (const JsonValue* shape = fields.Find("shape")) {
      tensor.shape = json_.Integers(*shape, fields.Name("shape"));
    }
    has_shape_.push_back(fields.Find("shape") != nullptr);
    if (const JsonValue* quantization = fields.Find("quantization")) {
      tensor.quantization = values_->ReadQuantization(*quantization, what.Part(": quantization"));
    }
    const JsonValue* data = fields.Find("data");
    const JsonValue* weights = fields.Find("weights");
    const JsonValue* float_data = fields.Find("float_data");
    const JsonValue* float_weights = fields.Find("float_weights");
    fields.RefuseOthers();
    tensor.data = values_->ReadConstant(data, weights, what, tensor.dtype, tensor.shape);
    tensor.float_data =
        values_->ReadConstant(float_data, float_weights, what, DataType::kFloat32, tensor.shape);
    const auto id = static_cast<TensorId>(graph_.tensors.size());
    graph_.tensors.push_back(std::move(tensor));
    if (graph_.tensors.back().is_constant()) RequireShape(id, value);
    ids_.Insert(name);
  }

  void RequireShape(TensorId id, const JsonValue& place) const {
    if (!has_shape_[static_cast<size_t>(id)]) {
      json_.FailAt(place, "tensor '", graph_.tensor(id).name, "': \"shape\" is missing");
    }
  }

  TensorId Resolve(const JsonValue& value, const JsonSubject& what) const {
    const std::string_view name = json_.Text(value, what);
    if (const auto id = ids_.Find(name)) return static_cast<TensorId>(*id);
    std::vector<std::string> names;
    for (const Tensor& tensor : graph_.tensors) names.push_back(tensor.name);
    json_.FailAt(value, what, ": there is no tensor '", name, "'", DidYouMean(name, names));
  }

  std::vector<TensorId> ReadReferences(const JsonValue& value, const JsonSubject& what,
                                       bool may_be_absent) const {
    std::vector<TensorId> ids;
    for (const JsonValue& item : json_.Array(value, what)) {
      ids.push_back(may_be_absent && item.is_null() ? kNoTensor : Resolve(item, what));
    }
    return ids;
  }

  void ReadNodes(JsonValue::Array nodes) {
    graph_.nodes.reserve(nodes.size());
    for (const JsonValue& node : nodes) ReadNode(node);
  }

  void ReadNode(const JsonValue& value) {
    const std::string number = std::to_string(graph_.nodes.size());
    JsonFields named(json_, value, {"node ", number});
    const std::string_view name = json_.Text(named.Require("name"), named.Name("name"));
    const JsonSubject what = {"node '", name, "'"};
    JsonFields fields(json_, value, what);
    fields.Require("name");
    Node node;
    node.name = name;
    const JsonValue& type = fields.Require("type");
    const std::string_view type_name = json_.Text(type, fields.Name("type"));
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
        node.attributes.emplace(std::string(key),
                                values_->ReadAttribute(item, what.Part(": attribute '", key, "'")));
      }
    }
    fields.RefuseOthers();
    graph_.nodes.push_back(std::move(node));
  }

  const std::filesystem::path path_;
  const JsonDocument json_;
  const LoadOptions options_;
  std::optional<SafetensorsReader> weights_;
  std::optional<NetworkValues> values_;
  Graph graph_;
  std::vector<bool> has_shape_;  // per tensor
  NameIndex ids_;
};

}  // namespace

Graph LoadNetwork(const std::filesystem::path& path, const LoadOptions& options) {
  std::error_code error;
  const bool is_folder = std::filesystem::is_directory(path, error);
  const std::filesystem::path file_path = is_folder ? path / kNetworkFileName : path;
  const auto load = [&] {
    const auto file = MappedFile::Open(file_path, options.max_network_bytes);
    Graph graph = NetworkReader(file_path, file->text(), options).Read();
    Validate(graph);
    return graph;
  };
  try {
    // Between the reading of one file and of the other a writer may have replaced both.
    for (int attempt = 1; attempt < kAttempts; ++attempt) {
      try {
        return load();
      } catch (const ChecksumMismatch&) {
      }
    }
    return load();
  } catch (const std::bad_alloc&) {
    FailOutOfMemory(file_path.native());
  }
}

}  // namespace integra::graph
