// docs/network.schema.json and docs/NETWORK_FORMAT.md say what the loader does.
#include <doctest/doctest.h>

#include <cstdlib>

#include "graph/network_file.h"
#include "integra/session.hpp"
#include "tests/support/network_schema.h"
#include "tests/support/networks.h"
#include "tests/support/temporary_folder.h"

#ifdef INTEGRA_HAVE_VALIJSON
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>
#endif

namespace integra::test {
namespace {

const std::filesystem::path kDocs = std::filesystem::path(INTEGRA_SOURCE_DIR) / "docs";

std::string ExampleOfTheDocumentation() {
  const std::string text = ReadText(kDocs / "NETWORK_FORMAT.md");
  const std::string fence = "```json\n";
  const size_t begin = text.find(fence) + fence.size();
  return text.substr(begin, text.find("```", begin) - begin);
}

TEST_CASE("network schema: what is published is what the operators say") {
  const auto path = kDocs / "network.schema.json";
  if (std::getenv("INTEGRA_UPDATE_DOCS") != nullptr) WriteText(path, NetworkSchema());
  const bool equal = std::filesystem::exists(path) && ReadText(path) == NetworkSchema();
  CHECK_MESSAGE(equal,
                "docs/network.schema.json is behind the operators' schemas; write it with "
                "INTEGRA_UPDATE_DOCS=1 integra_tests -tc='network schema*'");
}

TEST_CASE("documentation: the example network loads and gives the result that the text gives") {
  const TemporaryFolder folder;
  const Network network = Network::Load(folder.Write("e.json", ExampleOfTheDocumentation()));
  Session session(network);
  const int8_t x[] = {10, 20, 30, 40};
  int8_t y[2] = {};
  const auto in = std::as_bytes(std::span(x));
  const auto out = std::as_writable_bytes(std::span(y));
  const std::span<const std::byte> inputs[] = {in};
  const std::span<std::byte> outputs[] = {out};
  session.Run(inputs, outputs);
  CHECK(int{y[0]} == -20);
  CHECK(int{y[1]} == -128);
}

#ifdef INTEGRA_HAVE_VALIJSON

class SchemaValidator {
 public:
  SchemaValidator() {
    const auto json = nlohmann::json::parse(NetworkSchema());
    const valijson::adapters::NlohmannJsonAdapter adapter(json);
    valijson::SchemaParser().populateSchema(adapter, schema_);
  }

  bool Accepts(const std::string& network) {
    const auto json = nlohmann::json::parse(network);
    const valijson::adapters::NlohmannJsonAdapter adapter(json);
    valijson::Validator validator;
    return validator.validate(schema_, adapter, nullptr);
  }

 private:
  valijson::Schema schema_;
};

TEST_CASE("network schema: accepts what is written by hand and by SaveNetwork()") {
  SchemaValidator validator;
  CHECK(validator.Accepts(ExampleOfTheDocumentation()));
  CHECK(validator.Accepts(SmallNetworkText()));
  const TemporaryFolder folder;
  graph::SaveNetwork(ConvolutionNetwork(), folder.path());
  CHECK(validator.Accepts(ReadText(folder / "network.json")));
}

TEST_CASE("network schema: refuses what the loader refuses for its form") {
  SchemaValidator validator;
  const std::pair<std::string_view, std::string_view> changes[] = {
      {"\"metadata\"", "\"metdata\""},
      {"\"version\": 1", "\"version\": 2"},
      {"integra-network", "other"},
      {"{\"dtype\": \"int32\"", "{\"dtype\": \"int23\""},
      {"\"fully_connected\"", "\"fully_conected\""},
      {"\"activation\"", "\"activations\""},
      {"\"relu\"", "\"rleu\""},
      {"[1, -1]", "4"},
      {"\"attributes\": {\"shape\": [1, -1]}", "\"attributes\": {}"},
      {"\"inputs\": [\"x\"],\n", "\"inputs\": [],\n"},
      {"[\"flat\", \"w\", \"b\"]", "[\"flat\"]"},
      {"\"scale\": 3.0", "\"scale\": -1.5"},
      {"\"scale\": 3.0", "\"scale\": \"3\""},
      {"[1, 2, 2]", "[1, 0, 2]"},
  };
  for (const auto& [from, to] : changes) {
    const std::string text = Replaced(SmallNetworkText(), from, to);
    INFO(text);
    CHECK_FALSE(validator.Accepts(text));
    const TemporaryFolder folder;
    CHECK_FALSE(TryLoad(folder.Write("n.json", text)).loaded);
  }
}

#endif  // INTEGRA_HAVE_VALIJSON

}  // namespace
}  // namespace integra::test
