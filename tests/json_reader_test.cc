// Strings are mostly kept from the parser (graph/json_cursor.h): texts, lines and messages are
// those of one that reads every byte.
#include "graph/json_reader.h"

#include <doctest/doctest.h>

#include <string>

namespace integra::test {
namespace {

std::string MessageOf(std::string_view text) {
  try {
    const graph::JsonDocument json("f", text);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("json: plain strings, escaped ones and UTF-8") {
  const graph::JsonDocument json(
      "f", R"(["", "plain /;.", "\"", "a\\", "\u0041\n", "é", "x\"y\\\"z", "behind", 1])");
  const std::vector<std::string> expected = {"",    "plain /;.", "\"",        "a\\",
                                             "A\n", "é",         "x\"y\\\"z", "behind"};
  const auto& items = *json.root().array();
  REQUIRE(items.size() == expected.size() + 1);
  for (size_t i = 0; i < expected.size(); ++i) CHECK(*items[i].text() == expected[i]);
  CHECK(*items.back().integer() == 1);
}

TEST_CASE("json: objects and lists in each other, in the file's order") {
  const graph::JsonDocument json("f", "{\"b\": [[1, 2], {}, {\"c\": []}],\n \"a\": {\"b\": -3}}");
  const auto& members = *json.root().object();
  REQUIRE(members.size() == 2);
  CHECK(members[0].first == "b");
  const auto& list = *members[0].second.array();
  REQUIRE(list.size() == 3);
  CHECK(*(*list[0].array())[1].integer() == 2);
  CHECK(list[1].object()->empty());
  CHECK((*list[2].object())[0].second.array()->empty());
  CHECK(members[1].first == "a");
  CHECK(members[1].second.line == 2);
  CHECK(*(*members[1].second.object())[0].second.integer() == -3);
}

TEST_CASE("json: messages behind strings name line and column, and what was read") {
  CHECK(MessageOf("{\"name\":\n \"text\" 1}") ==
        "f:2: parse error at line 2, column 9: syntax error while parsing object - unexpected "
        "number literal; expected '}'");
  CHECK(MessageOf("[\"one\",\n\"two\", \"th\tree\"]") ==
        "f:2: parse error at line 2, column 11: syntax error while parsing value - invalid string: "
        "control character U+0009 (HT) must be escaped to \\u0009 or \\t; last read: "
        "'\"th<U+0009>'");
  CHECK(MessageOf("[\"cut off") ==
        "f:1: parse error at line 1, column 10: syntax error while parsing value - invalid string: "
        "missing closing quote; last read: '\"cut off'");
  CHECK(MessageOf("[\"\\\"").find("missing closing quote") != std::string::npos);
  CHECK(MessageOf("[\"\xC3\"]").find("ill-formed UTF-8") != std::string::npos);
  CHECK(MessageOf("[\"a\", nul\"b\"]").find("column 10: ") != std::string::npos);
}

TEST_CASE("json: a key that stands there twice, among few and among many") {
  CHECK(MessageOf("{\"a\": 1,\n\"\\u0061\": 2}") == "f:2: duplicate key 'a'");
  CHECK(MessageOf("{\"a\": {\"a\": 1}, \"b\": {\"a\": 1}}").empty());
  for (const int count : {2, 11, 12, 13, 14, 100}) {
    std::string text = "{";
    for (int i = 0; i < count; ++i) text += StrCat("\"key ", i, "\": {\"key 1\": 0},\n");
    CAPTURE(count);
    CHECK(MessageOf(text + "\"new\": 0}").empty());
    for (const int twice : {0, count / 2, count - 1}) {
      CHECK(MessageOf(StrCat(text, "\"key ", twice, "\": 0}")) ==
            StrCat("f:", count + 1, ": duplicate key 'key ", twice, "'"));
    }
  }
}

}  // namespace
}  // namespace integra::test
