#include "runtime/tuning_file.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/mapped_file.h"
#include "graph/json_reader.h"
#include "graph/json_writer.h"
#include "runtime/candidate.h"

namespace integra::runtime {
namespace {

using graph::JsonFields;
using graph::JsonObject;
using graph::JsonQuote;
using graph::JsonValue;

constexpr uint64_t kMostBytes = uint64_t{16} << 20;
constexpr std::string_view kFormat = "integra-tuning";
constexpr int64_t kVersion = 1;

using Entries = std::map<TuningKey, std::vector<TunedLayer>>;

class Reader {
 public:
  Reader(const std::filesystem::path& path, std::string_view text) : json_(path.string(), text) {}

  // Nodes of the entry `expected` have to be in `graph`.
  Entries Read(const TuningKey& expected, const graph::Graph* graph) {
    JsonFields fields(json_, json_.root(), {});
    const JsonValue& format = fields.Require("format");
    if (json_.Text(format, fields.Name("format")) != kFormat) {
      json_.FailAt(format, "\"format\" has to be \"", kFormat, "\"");
    }
    const JsonValue& version = fields.Require("version");
    if (json_.Integer(version, fields.Name("version")) != kVersion) {
      json_.FailAt(version, "\"version\" has to be ", kVersion);
    }
    const JsonValue& list = fields.Require("entries");
    fields.RefuseOthers();
    Entries entries;
    for (const JsonValue& value : json_.Array(list, {"\"entries\""})) {
      JsonFields entry(json_, value, {"an entry"});
      TuningKey key = ReadKey(entry);
      const JsonValue& layers = entry.Require("layers");
      entry.RefuseOthers();
      if (entries.contains(key)) json_.FailAt(value, "there are two such entries");
      auto read = ReadLayers(layers, key == expected ? graph : nullptr);
      entries.emplace(std::move(key), std::move(read));
    }
    return entries;
  }

 private:
  TuningKey ReadKey(JsonFields& entry) const {
    TuningKey key;
    key.network = ReadText(entry, "network");
    key.processor = ReadText(entry, "processor");
    key.isa = ReadText(entry, "isa");
    key.threads = json_.Integer(entry.Require("threads"), entry.Name("threads"));
    key.integra = ReadText(entry, "integra");
    key.onednn = ReadText(entry, "onednn");
    return key;
  }

  std::vector<TunedLayer> ReadLayers(const JsonValue& list, const graph::Graph* graph) const {
    std::set<std::string_view> unseen;
    if (graph != nullptr) {
      for (const graph::Node& node : graph->nodes) unseen.insert(node.name);
    }
    std::vector<TunedLayer> layers;
    for (const JsonValue& value : json_.Array(list, {"\"layers\""})) {
      JsonFields fields(json_, value, {"a layer"});
      TunedLayer& layer = layers.emplace_back();
      const JsonValue& nodes = fields.Require("nodes");
      for (const JsonValue& node : json_.Array(nodes, fields.Name("nodes"))) {
        layer.nodes.emplace_back(json_.Text(node, {"a node"}));
        if (graph != nullptr && unseen.erase(layer.nodes.back()) == 0) {
          json_.FailAt(node, "'", layer.nodes.back(),
                       "' is no node of the network, or is named twice");
        }
      }
      const JsonValue& choice = fields.Require("choice");
      layer.choice = json_.Text(choice, fields.Name("choice"));
      ReadCandidates(fields.Require("candidates"), layer);
      fields.RefuseOthers();
      if (std::ranges::none_of(layer.candidates,
                               [&](const auto& c) { return c.name == layer.choice; })) {
        json_.FailAt(choice, "choice '", layer.choice, "' is none of the layer's candidates");
      }
    }
    return layers;
  }

  void ReadCandidates(const JsonValue& list, TunedLayer& layer) const {
    for (const JsonValue& value : json_.Array(list, {"\"candidates\""})) {
      JsonFields fields(json_, value, {"a candidate"});
      TunedLayer::Candidate& candidate = layer.candidates.emplace_back();
      const JsonValue& name = fields.Require("name");
      candidate.name = json_.Text(name, fields.Name("name"));
      if (!ParseCandidate(candidate.name)) {
        json_.FailAt(name, "unknown candidate '", candidate.name, "'");
      }
      candidate.kernel = ReadText(fields, "kernel");
      const JsonValue& time = fields.Require("best_ns");
      const int64_t best = json_.Integer(time, fields.Name("best_ns"));
      if (best < 0) json_.FailAt(time, "a time of ", best, " ns");
      candidate.best_ns = static_cast<uint64_t>(best);
      fields.RefuseOthers();
    }
  }

  std::string ReadText(JsonFields& fields, std::string_view name) const {
    return std::string(json_.Text(fields.Require(name), fields.Name(name)));
  }

  const graph::JsonDocument json_;
};

Entries ReadFile(const std::filesystem::path& path, const TuningKey& expected,
                 const graph::Graph* graph) {
  std::error_code ignored;  // where nothing can be found, nothing can be written: that is an error
  if (!std::filesystem::exists(path, ignored)) return {};
  try {
    const auto file = MappedFile::Open(path, kMostBytes);
    return Reader(path, file->text()).Read(expected, graph);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kInvalidFile) throw;
    Fail(error.code(), error.what(), " (in a file of kernel choices: delete it, or name another)");
  }
}

std::string ToText(const TunedLayer& layer) {
  JsonObject object;
  object.Add("nodes",
             graph::JsonList(layer.nodes, [](const auto& name) { return JsonQuote(name); }));
  object.Add("choice", JsonQuote(layer.choice));
  object.Add("candidates", graph::JsonList(layer.candidates, [](const auto& candidate) {
               JsonObject one;
               one.Add("name", JsonQuote(candidate.name));
               one.Add("kernel", JsonQuote(candidate.kernel));
               one.Add("best_ns", graph::JsonNumber(static_cast<int64_t>(candidate.best_ns)));
               return one.Done();
             }));
  return object.Done();
}

std::string ToText(const Entries& entries) {
  std::string text = StrCat("{\n  \"format\": ", JsonQuote(kFormat), ",\n  \"version\": ", kVersion,
                            ",\n  \"entries\": [");
  const char* before = "\n";
  for (const auto& [key, layers] : entries) {
    text += StrCat(before, "    {\n      \"network\": ", JsonQuote(key.network),
                   ",\n      \"processor\": ", JsonQuote(key.processor),
                   ",\n      \"isa\": ", JsonQuote(key.isa), ",\n      \"threads\": ", key.threads,
                   ",\n      \"integra\": ", JsonQuote(key.integra),
                   ",\n      \"onednn\": ", JsonQuote(key.onednn), ",\n      \"layers\": [");
    const char* before_layer = "\n";
    for (const TunedLayer& layer : layers) {
      text += before_layer + ("        " + ToText(layer));
      before_layer = ",\n";
    }
    text += "\n      ]\n    }";
    before = ",\n";
  }
  return text + "\n  ]\n}\n";
}

}  // namespace

std::optional<std::vector<TunedLayer>> FindTuning(const std::filesystem::path& path,
                                                  const TuningKey& key, const graph::Graph& graph) {
  Entries entries = ReadFile(path, key, &graph);
  const auto found = entries.find(key);
  if (found == entries.end()) return std::nullopt;
  return std::move(found->second);
}

void AddTuning(const std::filesystem::path& path, const TuningKey& key,
               const std::vector<TunedLayer>& layers, AtomicFile& file) {
  Entries entries = ReadFile(path, key, nullptr);
  entries.emplace(key, layers);
  const std::string text = ToText(entries);
  if (text.size() > kMostBytes) {
    Fail(ErrorCode::kInvalidFile, path.native(), ": with another entry the file would have ",
         text.size(), " bytes, more than ", kMostBytes, "; delete it, or name another");
  }
  file.Write(text);
  file.Commit();
}

}  // namespace integra::runtime
