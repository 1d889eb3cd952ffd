#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/error.h"
#include "base/suggestion.h"
#include "graph/schema.h"
#include "graph/validation.h"

namespace integra::graph {
namespace {

// In the order of AttributeType and of the alternatives of Attribute.
constexpr const char* kTypeNames[] = {"true or false", "an integer",         "a number",
                                      "a text",        "a list of integers", "a list of numbers"};
static_assert(std::size(kTypeNames) == std::variant_size_v<Attribute>);

template <typename... Parts>
[[noreturn]] void FailNode(const Graph& graph, const Node& node, const Parts&... parts) {
  Fail(ErrorCode::kInvalidFile, Describe(graph, node), ": ", parts...);
}

// Files do not tell 1 from 1.0, nor an empty list of integers from one of numbers: the schema does.
void Convert(AttributeType type, Attribute& value) {
  if (type == AttributeType::kReal) {
    if (const auto* integer = std::get_if<int64_t>(&value)) value = static_cast<double>(*integer);
  } else if (type == AttributeType::kReals) {
    if (const auto* integers = std::get_if<std::vector<int64_t>>(&value)) {
      value = std::vector<double>(integers->begin(), integers->end());
    }
  } else if (type == AttributeType::kIntegers) {
    const auto* reals = std::get_if<std::vector<double>>(&value);
    if (reals != nullptr && reals->empty()) value = std::vector<int64_t>();
  }
}

void CheckFinite(const Graph& graph, const Node& node, const AttributeSchema& schema,
                 const Attribute& value) {
  bool finite = true;
  if (const auto* real = std::get_if<double>(&value)) finite = std::isfinite(*real);
  if (const auto* reals = std::get_if<std::vector<double>>(&value)) {
    finite = std::all_of(reals->begin(), reals->end(), [](double x) { return std::isfinite(x); });
  }
  if (!finite) FailNode(graph, node, "attribute '", schema.name, "' is not finite");
}

void CheckChoice(const Graph& graph, const Node& node, const AttributeSchema& schema,
                 const std::string& text) {
  const auto& choices = schema.choices;
  if (choices.empty() || std::find(choices.begin(), choices.end(), text) != choices.end()) return;
  std::string all;
  for (const std::string& choice : choices) all += StrCat(all.empty() ? "" : ", ", choice);
  FailNode(graph, node, "attribute '", schema.name, "' is '", text,
           "', but has to be one of: ", all);
}

void RefuseUnknown(const Graph& graph, const Node& node,
                   const std::vector<AttributeSchema>& schemas) {
  for (const auto& [attribute, value] : node.attributes) {
    const std::string& name = attribute;
    const auto is_name = [&](const AttributeSchema& schema) { return name == schema.name; };
    if (std::any_of(schemas.begin(), schemas.end(), is_name)) continue;
    std::vector<std::string> known;
    known.reserve(schemas.size());
    for (const AttributeSchema& schema : schemas) known.emplace_back(schema.name);
    FailNode(graph, node, "unknown attribute '", name, "'", DidYouMean(name, known));
  }
}

}  // namespace

void CheckAttributes(const Graph& graph, Node& node) {
  const auto& schemas = SchemaOf(node.type).attributes;
  RefuseUnknown(graph, node, schemas);
  for (const AttributeSchema& schema : schemas) {
    const auto found = node.attributes.find(std::string_view(schema.name));
    if (found == node.attributes.end()) {
      if (schema.required) {
        FailNode(graph, node, "attribute '", schema.name, "' is missing (", schema.doc, ")");
      }
      if (!schema.optional) node.attributes.emplace(schema.name, schema.default_value);
      continue;
    }
    Attribute& value = found->second;
    Convert(schema.type, value);
    if (value.index() != static_cast<size_t>(schema.type)) {
      FailNode(graph, node, "attribute '", schema.name, "' has to be ",
               kTypeNames[static_cast<size_t>(schema.type)], ", but is ",
               kTypeNames[value.index()]);
    }
    CheckFinite(graph, node, schema, value);
    if (const auto* text = std::get_if<std::string>(&value)) {
      CheckChoice(graph, node, schema, *text);
    }
  }
}

}  // namespace integra::graph
