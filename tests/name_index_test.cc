#include "base/name_index.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "base/error.h"

namespace integra::test {
namespace {

TEST_CASE("name index: numbers in the order of insertion, and nothing twice") {
  std::set<std::string> names;  // stay where they are
  const auto name = [&](size_t i) -> std::string_view {
    return *names.insert(StrCat("block ", i / 7, "/a name of many letters ", i)).first;
  };
  for (const size_t reserved : {0, 10, 1000}) {
    CAPTURE(reserved);
    NameIndex index;
    CHECK(!index.Find("before any"));
    if (reserved > 0) index.Reserve(reserved);
    for (size_t i = 0; i < 1000; ++i) {
      REQUIRE(index.Insert(name(i)));
      REQUIRE(index.size() == i + 1);
      REQUIRE(!index.Insert(std::string(name(i / 2))));
    }
    for (size_t i = 0; i < 1000; ++i) REQUIRE(index.Find(std::string(name(i))) == i);
    CHECK(!index.Find(name(1000)));
    CHECK(!index.Find(""));
    CHECK(index.Insert(""));
    CHECK(index.Find("") == 1000);
  }
}

}  // namespace
}  // namespace integra::test
