// docs/recipe.schema.json knows every field that recipes have, with the defaults that they have.
#include <doctest/doctest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "integra/quantize.hpp"
#include "tests/support/temporary_folder.h"

namespace integra::quantize {
namespace {

using Json = nlohmann::json;

// Every field of `value` is described, and has the default that the schema says.
void CheckDescribed(const Json& root, const Json& schema, const Json& value,
                    const std::string& at) {
  if (schema.contains("$ref")) {
    const std::string target = schema["$ref"];
    Json merged = root.at(Json::json_pointer(target.substr(1)));
    if (schema.contains("default")) merged["default"] = schema["default"];
    return CheckDescribed(root, merged, value, at);
  }
  CAPTURE(at);
  if (!value.is_object()) {
    REQUIRE(schema.contains("default"));
    CHECK(schema["default"] == value);
    return;
  }
  for (const auto& [key, field] : value.items()) {
    const std::string name = key;
    CAPTURE(name);
    REQUIRE(schema["properties"].contains(name));
    CHECK(schema["additionalProperties"] == false);
    CheckDescribed(root, schema["properties"][name], field, StrCat(at, ".", name));
  }
}

TEST_CASE("recipe schema: describes every field and its default") {
  const auto path = std::filesystem::path(INTEGRA_SOURCE_DIR) / "docs/recipe.schema.json";
  const Json schema = Json::parse(test::ReadText(path));
  CheckDescribed(schema, schema, Json::parse(ToJson(Recipe())), "recipe");
}

}  // namespace
}  // namespace integra::quantize
