// Recipes as JSON.
#include <fstream>
#include <iterator>
#include <sstream>

#include "base/error.h"
#include "graph/json_reader.h"
#include "graph/json_writer.h"
#include "integra/quantize.hpp"
#include "quantize/observer.h"
#include "quantize/scheme.h"

namespace integra::quantize {
namespace {

using graph::JsonDocument;
using graph::JsonFields;
using graph::JsonNumber;
using graph::JsonObject;
using graph::JsonQuote;
using graph::JsonSubject;
using graph::JsonValue;

// Reads the fields of one object into the places given; absent ones stay as they are.
class Reader {
 public:
  Reader(const JsonDocument& document, const JsonValue& value, const JsonSubject& what)
      : document_(document), fields_(document, value, what) {}

  // A text that `parse` turns into a value.
  template <typename T, typename Parse>
  void Named(const char* field, const Parse& parse, T& place) {
    const JsonValue* value = fields_.Find(field);
    if (value == nullptr) return;
    const std::string_view text = document_.Text(*value, fields_.Name(field));
    const auto parsed = parse(text);
    if (!parsed) document_.FailAt(*value, fields_.Name(field), ": '", text, "' is not known");
    place = *parsed;
  }

  template <typename T>
  void Integer(const char* field, int64_t low, int64_t high, T& place) {
    const JsonValue* value = fields_.Find(field);
    if (value == nullptr) return;
    const int64_t number = document_.Integer(*value, fields_.Name(field));
    if (number < low || number > high) {
      document_.FailAt(*value, fields_.Name(field), " has to be in ", low, " to ", high, ", not ",
                       number);
    }
    place = static_cast<T>(number);
  }

  // A number x with low < x <= high, or low <= x < high.
  void Number(const char* field, double low, double high, bool low_allowed, double& place) {
    const JsonValue* value = fields_.Find(field);
    if (value == nullptr) return;
    const double number = document_.Number(*value, fields_.Name(field));
    if (low_allowed ? !(number >= low && number < high) : !(number > low && number <= high)) {
      document_.FailAt(*value, fields_.Name(field), " is outside of ", low_allowed ? "[" : "(", low,
                       ", ", high, low_allowed ? ")" : "]");
    }
    place = number;
  }

  void Flag(const char* field, bool& place) {
    const JsonValue* value = fields_.Find(field);
    if (value == nullptr) return;
    if (value->boolean() == nullptr) {
      document_.FailAt(*value, fields_.Name(field), " has to be true or false");
    }
    place = *value->boolean();
  }

  // Another object, read by `read(value, name)`.
  template <typename Read>
  void Object(const char* field, const Read& read) {
    if (const JsonValue* value = fields_.Find(field)) read(*value, fields_.Name(field));
  }

  void Done() { fields_.RefuseOthers(); }

 private:
  const JsonDocument& document_;
  JsonFields fields_;
};

// What is no activation inside of the network has a static range.
std::optional<RangeMethod> ParseStaticRange(std::string_view name) {
  const auto method = ParseRangeMethod(name);
  return method == RangeMethod::kDynamic ? std::nullopt : method;
}

void ReadRange(Reader& reader, RangeOptions& range, bool may_be_dynamic = false) {
  reader.Named("range", may_be_dynamic ? ParseRangeMethod : ParseStaticRange, range.method);
  reader.Number("percentile", 50, 100, false, range.percentile);
  reader.Number("momentum", 0, 1, true, range.momentum);
}

std::optional<WeightRounding> ParseRounding(std::string_view name) {
  if (name == "nearest") return WeightRounding::kNearest;
  if (name == "adaround") return WeightRounding::kAdaptive;
  return std::nullopt;
}

std::optional<DataType> ParseActivationType(std::string_view name) {
  if (name == "uint8") return DataType::kUInt8;
  if (name == "int8") return DataType::kInt8;
  if (name == "int16") return DataType::kInt16;
  return std::nullopt;
}

class RecipeReader {
 public:
  explicit RecipeReader(const JsonDocument& document) : document_(document) {}

  Recipe Read() {
    Recipe recipe;
    Reader reader(document_, document_.root(), {});
    reader.Object("weights", [&](const JsonValue& value, const JsonSubject& what) {
      Weights(value, what, recipe.weights);
    });
    reader.Object("activations", [&](const JsonValue& value, const JsonSubject& what) {
      Activations(value, what, true, recipe.activations);
    });
    reader.Object("inputs", [&](const JsonValue& value, const JsonSubject& what) {
      Reader inputs(document_, value, what);
      ReadRange(inputs, recipe.inputs);
      inputs.Done();
    });
    reader.Flag("equalize", recipe.equalize);
    reader.Flag("bias_correction", recipe.bias_correction);
    reader.Flag("keep_float_weights", recipe.keep_float_weights);
    reader.Object("nodes", [&](const JsonValue& value, const JsonSubject& what) {
      for (const auto& [name, settings] : document_.Object(value, what)) {
        recipe.nodes[std::string(name)] = Node(settings, {"node '", name, "'"}, recipe);
      }
    });
    reader.Done();
    return recipe;
  }

 private:
  NodeRecipe Node(const JsonValue& value, const JsonSubject& what, const Recipe& recipe) {
    NodeRecipe node;
    Reader reader(document_, value, what);
    reader.Object("weights", [&](const JsonValue& v, const JsonSubject& name) {
      Weights(v, name, node.weights.emplace(recipe.weights));
    });
    reader.Object("output", [&](const JsonValue& v, const JsonSubject& name) {
      Activations(v, name, false, node.output.emplace(recipe.activations));
    });
    reader.Done();
    return node;
  }

  void Weights(const JsonValue& value, const JsonSubject& what, WeightRecipe& weights) {
    Reader reader(document_, value, what);
    reader.Named("symmetry", ParseSymmetry, weights.symmetry);
    reader.Named("granularity", ParseGranularity, weights.granularity);
    reader.Integer("bits", 2, 8, weights.bits);
    reader.Integer("group", 1, int64_t{1} << 31, weights.group);
    ReadRange(reader, weights.range);
    reader.Named("rounding", ParseRounding, weights.rounding);
    reader.Done();
  }

  void Activations(const JsonValue& value, const JsonSubject& what, bool whole_network,
                   ActivationRecipe& activations) {
    Reader reader(document_, value, what);
    if (whole_network) reader.Named("dtype", ParseActivationType, activations.dtype);
    const bool wide = activations.dtype == DataType::kInt16;
    if (wide && whole_network) {  // the defaults that this type has
      activations.symmetry = Symmetry::kSymmetricRestricted;
      activations.bits = 16;
    }
    reader.Named("symmetry", ParseSymmetry, activations.symmetry);
    reader.Integer("bits", 2, wide ? 16 : 8, activations.bits);
    ReadRange(reader, activations.range, true);
    if (const std::string why = WhyImpossible(activations); !why.empty()) {
      document_.FailAt(value, what, ": ", why);
    }
    reader.Done();
  }

  const JsonDocument& document_;
};

void AddRange(JsonObject& object, const RangeOptions& range) {
  object.Add("range", JsonQuote(NameOf(range.method)));
  if (range.method == RangeMethod::kPercentile) {
    object.Add("percentile", JsonNumber(range.percentile));
  }
  if (range.method == RangeMethod::kMovingAverage) {
    object.Add("momentum", JsonNumber(range.momentum));
  }
}

std::string WeightsText(const WeightRecipe& weights) {
  JsonObject object;
  object.Add("symmetry", JsonQuote(NameOf(weights.symmetry)));
  object.Add("granularity", JsonQuote(NameOf(weights.granularity)));
  object.Add("bits", JsonNumber(int64_t{weights.bits}));
  if (weights.granularity == Granularity::kPerGroup) object.Add("group", JsonNumber(weights.group));
  AddRange(object, weights.range);
  const bool adaptive = weights.rounding == WeightRounding::kAdaptive;
  object.Add("rounding", JsonQuote(adaptive ? "adaround" : "nearest"));
  return object.Done();
}

std::string ActivationsText(const ActivationRecipe& activations, bool whole_network) {
  JsonObject object;
  object.Add("symmetry", JsonQuote(NameOf(activations.symmetry)));
  if (whole_network) object.Add("dtype", JsonQuote(integra::NameOf(activations.dtype)));
  object.Add("bits", JsonNumber(int64_t{activations.bits}));
  AddRange(object, activations.range);
  return object.Done();
}

}  // namespace

Recipe ParseRecipe(const std::string& source, std::string_view json) {
  const JsonDocument document(source, json);
  return RecipeReader(document).Read();
}

Recipe LoadRecipe(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) Fail(ErrorCode::kInvalidFile, path.string(), ": cannot be opened");
  std::ostringstream text;
  text << file.rdbuf();
  return ParseRecipe(path.string(), text.str());
}

std::string ToJson(const Recipe& recipe) {
  JsonObject all;
  all.Add("weights", WeightsText(recipe.weights));
  all.Add("activations", ActivationsText(recipe.activations, true));
  JsonObject inputs;
  AddRange(inputs, recipe.inputs);
  all.Add("inputs", inputs.Done());
  all.Add("equalize", recipe.equalize ? "true" : "false");
  all.Add("bias_correction", recipe.bias_correction ? "true" : "false");
  all.Add("keep_float_weights", recipe.keep_float_weights ? "true" : "false");
  if (!recipe.nodes.empty()) {
    JsonObject nodes;
    for (const auto& [name, node] : recipe.nodes) {
      JsonObject object;
      if (node.weights) object.Add("weights", WeightsText(*node.weights));
      if (node.output) object.Add("output", ActivationsText(*node.output, false));
      nodes.Add(name, object.Done());
    }
    all.Add("nodes", nodes.Done());
  }
  return all.Done();
}

}  // namespace integra::quantize
