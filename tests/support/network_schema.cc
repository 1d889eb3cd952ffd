#include "tests/support/network_schema.h"

#include <nlohmann/json.hpp>

#include "graph/network_file.h"
#include "graph/schema.h"

namespace integra::test {
namespace {

using graph::AttributeSchema;
using graph::AttributeType;
using graph::OperatorSchema;
using Json = nlohmann::ordered_json;

Json Ref(const char* definition) { return {{"$ref", std::string("#/definitions/") + definition}}; }

Json ListOf(Json items) { return {{"type", "array"}, {"items", std::move(items)}}; }

Json AnyOf(std::vector<Json> all) { return {{"anyOf", std::move(all)}}; }

Json Described(const std::string& description, const Json& schema) {
  Json described = {{"description", description}};
  described.update(schema);
  return described;
}

Json Object(std::vector<std::string> required, Json properties) {
  return {{"type", "object"},
          {"required", std::move(required)},
          {"properties", std::move(properties)},
          {"additionalProperties", false}};
}

Json TypeOf(const AttributeSchema& attribute) {
  switch (attribute.type) {
    case AttributeType::kBool:
      return {{"type", "boolean"}};
    case AttributeType::kInteger:
      return {{"type", "integer"}};
    case AttributeType::kReal:
      return {{"type", "number"}};
    case AttributeType::kText:
      if (attribute.choices.empty()) return {{"type", "string"}};
      return {{"enum", attribute.choices}};
    case AttributeType::kIntegers:
      return AnyOf({ListOf({{"type", "integer"}}), Ref("stored")});
    case AttributeType::kReals:
      return ListOf({{"type", "number"}});
  }
  return {};
}

Json AttributesOf(const OperatorSchema& op, std::vector<std::string>& required) {
  Json properties = Json::object();
  for (const AttributeSchema& attribute : op.attributes) {
    Json property = Described(attribute.doc, TypeOf(attribute));
    if (attribute.required) {
      required.emplace_back(attribute.name);
    } else if (!attribute.optional) {
      std::visit([&](const auto& value) { property["default"] = value; }, attribute.default_value);
    }
    properties[attribute.name] = std::move(property);
  }
  return properties;
}

Json Tensors(int min, int max, bool may_be_null) {
  Json list = ListOf(may_be_null ? Json{{"type", {"string", "null"}}} : Json{{"type", "string"}});
  list["minItems"] = min;
  if (max >= 0) list["maxItems"] = max;
  return list;
}

Json NodeOf(graph::OpType type) {
  const OperatorSchema& op = graph::SchemaOf(type);
  std::vector<std::string> required_attributes;
  Json attributes = AttributesOf(op, required_attributes);
  std::vector<std::string> required = {"name", "type", "inputs", "outputs"};
  if (!required_attributes.empty()) required.emplace_back("attributes");
  const bool has_optional = op.max_inputs < 0 || op.max_inputs > op.min_inputs;
  const Json node =
      Object(std::move(required),
             {{"name", Ref("name")},
              {"type", {{"const", graph::NameOf(type)}}},
              {"inputs", Tensors(op.min_inputs, op.max_inputs, has_optional)},
              {"outputs", Tensors(op.min_outputs, op.max_outputs, false)},
              {"attributes", Object(std::move(required_attributes), std::move(attributes))}});
  return Described(op.summary, node);
}

Json DataTypes() {
  Json names = Json::array();
  for (int i = 0; i <= static_cast<int>(DataType::kBool); ++i) {
    names.push_back(NameOf(static_cast<DataType>(i)));
  }
  return {{"enum", std::move(names)}};
}

Json TensorDefinition() {
  const Json numbers = ListOf({{"type", {"number", "boolean"}}});
  return Object(
      {"dtype"},
      {{"dtype", DataTypes()},
       {"shape", Described("dimensions, outermost first; of a node's output it may be left out",
                           {{"type", "array"},
                            {"maxItems", 8},
                            {"items", {{"type", "integer"}, {"minimum", 1}}}})},
       {"quantization", Ref("quantization")},
       {"data", Described("elements of a constant, in place", numbers)},
       {"weights", Described("or its name in the weights file", {{"type", "string"}})},
       {"float_data", Described("float originals of a quantized constant, in place",
                                ListOf({{"type", "number"}}))},
       {"float_weights", Described("or their name in the weights file", {{"type", "string"}})}});
}

Json QuantizationDefinition() {
  const Json scale = {{"type", "number"}, {"exclusiveMinimum", 0}};
  const Json zero_point = {{"type", "integer"}};
  Json properties = {{"scale", AnyOf({scale, ListOf(scale), Ref("stored")})},
                     {"zero_point", AnyOf({zero_point, ListOf(zero_point), Ref("stored")})},
                     {"axis", {{"type", "integer"}, {"minimum", 0}, {"default", 0}}},
                     {"range", {{"enum", {"static", "dynamic"}}, {"default", "static"}}}};
  return Described("real = scale * (q - zero_point); lists: one value per index along `axis`",
                   Object({"scale"}, std::move(properties)));
}

}  // namespace

std::string NetworkSchema() {
  Json nodes = Json::array();
  Json definitions = {
      {"name", {{"type", "string"}, {"minLength", 1}}},
      {"stored", Described("a list in the weights file",
                           Object({"weights"}, {{"weights", {{"type", "string"}}}}))},
      {"quantization", QuantizationDefinition()},
      {"tensor", TensorDefinition()}};
  for (size_t i = 0; i < graph::kOpTypeCount; ++i) {
    const auto type = static_cast<graph::OpType>(i);
    definitions[graph::NameOf(type)] = NodeOf(type);
    nodes.push_back(Ref(graph::NameOf(type)));
  }
  Json names = ListOf({{"type", "string"}});
  names.update({{"minItems", 1}, {"uniqueItems", true}});
  Json schema = {
      {"$schema", "http://json-schema.org/draft-07/schema#"},
      {"title", "Integra network file, version " + std::to_string(graph::kFormatVersion)}};
  schema.update(Object(
      {"format", "version", "name", "inputs", "outputs", "tensors", "nodes"},
      {{"format", {{"const", "integra-network"}}},
       {"version", {{"const", graph::kFormatVersion}}},
       {"name", {{"type", "string"}}},
       {"metadata", {{"type", "object"}, {"additionalProperties", {{"type", "string"}}}}},
       {"weights", Described("safetensors file, inside of this file's folder",
                             {{"type", "string"}, {"minLength", 1}})},
       {"weights_xxh64",
        Described("its XXH64 checksum", {{"type", "string"}, {"pattern", "^[0-9a-f]{16}$"}})},
       {"inputs", names},
       {"outputs", names},
       {"tensors", {{"type", "object"}, {"additionalProperties", Ref("tensor")}}},
       {"nodes",
        Described("in the order in which they run", ListOf({{"anyOf", std::move(nodes)}}))}}));
  schema["definitions"] = std::move(definitions);
  return schema.dump(1) + "\n";
}

}  // namespace integra::test
