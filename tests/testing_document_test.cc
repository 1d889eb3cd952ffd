// docs/TESTING.md names the test cases that keep hostile files out: they exist, and none is
// missing.
#include <doctest/doctest.h>

#include <filesystem>
#include <regex>
#include <set>
#include <string>

#include "tests/support/temporary_folder.h"

namespace integra::test {
namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string>;

const fs::path kRoot = INTEGRA_SOURCE_DIR;

// What the first group of every match holds.
Names Find(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  Names found;
  for (std::sregex_iterator match(text.begin(), text.end(), regex), end; match != end; ++match) {
    found.insert((*match)[1]);
  }
  return found;
}

// A name that takes two lines of source is two string literals, one behind the other.
Names TestCases() {
  Names names;
  for (const auto& entry : fs::directory_iterator(kRoot / "tests")) {
    if (entry.path().extension() != ".cc") continue;
    const std::string source =
        std::regex_replace(ReadText(entry.path()), std::regex("\"\\s+\""), "");
    names.merge(Find(source, "\nTEST_CASE\\(\\s*\"([^\"]*)\""));
  }
  return names;
}

// The names between backticks in the last column of the rows below "Hostile files".
Names NamesInDocument() {
  const std::string text = ReadText(kRoot / "docs/TESTING.md");
  const size_t start = text.find("\n## Hostile files");
  REQUIRE(start != text.npos);
  Names names;
  for (const std::string& row : Find(text.substr(start), "\n\\|[^|]*\\|[^|]*\\|([^|\n]*)\\|")) {
    names.merge(Find(row, "`([^`]*)`"));
  }
  return names;
}

TEST_CASE("docs/TESTING.md: every test case that is named exists") {
  const Names cases = TestCases();
  const Names named = NamesInDocument();
  CHECK(named.size() > 50);
  for (const std::string& name : named) CHECK_MESSAGE(cases.contains(name), name);
}

TEST_CASE("docs/TESTING.md: every test case of the checklist is named") {
  const Names named = NamesInDocument();
  for (const std::string& name : TestCases()) {
    if (name.starts_with("checklist ")) CHECK_MESSAGE(named.contains(name), name);
  }
}

}  // namespace
}  // namespace integra::test
