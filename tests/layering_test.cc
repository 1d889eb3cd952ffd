// What the architecture promises, read from the sources: which folder may include which, where
// oneDNN may be named, where there is no floating point, how long a file may be.
#include <doctest/doctest.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

const fs::path kRoot = INTEGRA_SOURCE_DIR;

// Each folder, and the folders that it may include beside itself. Folders called `float` are parts
// of integra::tools: float and simulated arithmetic.
const std::map<std::string, std::set<std::string>> kMayInclude = {
    {"include", {}},
    {"base", {"include"}},
    {"kernels", {"include", "base"}},
    {"kernels/float", {"include", "base", "kernels"}},
    {"kernels/onednn/float", {"include", "base", "kernels", "kernels/float"}},
    {"graph", {"include", "base", "kernels"}},
    {"runtime", {"include", "base", "kernels", "graph"}},
    {"runtime/float",
     {"include", "base", "kernels", "kernels/float", "kernels/onednn/float", "graph", "runtime"}},
    {"analysis",
     {"include", "base", "kernels", "kernels/float", "graph", "runtime", "runtime/float"}},
    {"io", {"include", "base"}},
    {"quantize",
     {"include", "base", "kernels", "kernels/float", "graph", "runtime", "runtime/float", "io"}},
    {"convert",
     {"include", "base", "kernels", "graph", "runtime", "runtime/float", "io", "quantize"}},
    {"cli",
     {"include", "base", "kernels", "graph", "runtime", "runtime/float", "io", "quantize",
      "convert"}},
};

// "kernels/float/gemm.h" -> "kernels/float"; "graph/ops/add.cc" -> "graph"; "" where the path is in
// none of the folders above.
std::string FolderOf(const std::string& path) {
  std::string found;
  for (const auto& [folder, allowed] : kMayInclude) {
    if (path.starts_with(folder + "/") && folder.size() > found.size()) found = folder;
  }
  return path.starts_with("integra/") ? "include" : found;
}

struct Source {
  std::string path;  // relative to the root
  std::vector<std::string> lines;
};

bool IsCode(const fs::path& path) {
  const std::string extension = path.extension();
  return extension == ".h" || extension == ".hpp" || extension == ".cc" || extension == ".c" ||
         extension == ".inc";
}

std::vector<Source> SourcesIn(const std::set<std::string>& folders) {
  std::vector<Source> sources;
  for (const std::string& folder : folders) {
    if (!fs::exists(kRoot / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder)) {
      if (!entry.is_regular_file() || !IsCode(entry.path())) continue;
      Source source{fs::relative(entry.path(), kRoot), {}};
      std::ifstream file(entry.path());
      for (std::string line; std::getline(file, line);) source.lines.push_back(line);
      sources.push_back(std::move(source));
    }
  }
  return sources;
}

std::vector<Source> LibrarySources() {
  std::set<std::string> folders;
  for (const auto& [folder, allowed] : kMayInclude) {
    if (folder.find('/') == std::string::npos) folders.insert(folder);
  }
  return SourcesIn(folders);
}

std::vector<Source> AllSources() {
  return SourcesIn({"include", "base", "kernels", "graph", "runtime", "analysis", "io", "quantize",
                    "convert", "cli", "bench", "tests", "examples"});
}

// The name between quotes or angle brackets of an #include line, else "".
std::string Included(const std::string& line) {
  std::istringstream words(line);
  std::string word, name;
  words >> word >> name;
  if (word != "#include" || name.size() < 3) return "";
  return name.substr(1, name.size() - 2);
}

// The code of a line: without what follows "//" and without string literals.
std::string CodeOf(const std::string& line) {
  std::string code;
  bool in_string = false;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\' && in_string) {
      ++i;
      continue;
    }
    if (line[i] == '"') in_string = !in_string;
    if (!in_string && line.compare(i, 2, "//") == 0) break;
    if (!in_string) code += line[i];
  }
  return code;
}

bool HasToken(std::string_view code, std::string_view token) {
  const auto is_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
  };
  for (size_t at = code.find(token); at != code.npos; at = code.find(token, at + 1)) {
    const size_t end = at + token.size();
    if ((at == 0 || !is_word(code[at - 1])) && (end == code.size() || !is_word(code[end]))) {
      return true;
    }
  }
  return false;
}

TEST_CASE("layering: folders include only what is below them") {
  for (const Source& source : LibrarySources()) {
    const std::string from = FolderOf(source.path);
    for (const std::string& line : source.lines) {
      const std::string name = Included(line);
      const std::string to = name.empty() ? "" : FolderOf(name);
      if (to.empty() || to == from) continue;
      INFO(source.path, " includes ", name);
      CHECK(kMayInclude.at(from).contains(to));
    }
  }
}

TEST_CASE("layering: oneDNN is included in one folder only") {
  for (const Source& source : AllSources()) {
    if (source.path.starts_with("kernels/onednn/")) continue;
    for (const std::string& line : source.lines) {
      const std::string name = Included(line);
      INFO(source.path, " includes ", name);
      CHECK_FALSE((name.find("dnnl") != name.npos && !name.starts_with("kernels/onednn/")));
    }
  }
}

TEST_CASE("layering: the runtime library includes neither fmt nor a converter's library") {
  for (const Source& source : SourcesIn({"include", "base", "kernels", "graph", "runtime"})) {
    const std::string folder = FolderOf(source.path);
    if (folder.ends_with("/float")) continue;
    for (const std::string& line : source.lines) {
      const std::string name = Included(line);
      INFO(source.path, " includes ", name);
      for (const char* library : {"fmt/", "flatbuffers/", "CLI/", "png.h", "jpeglib.h"}) {
        CHECK_FALSE(name.starts_with(library));
      }
    }
  }
}

TEST_CASE("layering: nothing that integer mode runs names a floating-point type") {
  int scanned = 0;
  for (const Source& source : SourcesIn({"kernels", "runtime", "base"})) {
    const std::string folder = FolderOf(source.path);
    if (folder.ends_with("/float")) continue;
    ++scanned;
    for (size_t i = 0; i < source.lines.size(); ++i) {
      const std::string code = CodeOf(source.lines[i]);
      INFO(source.path, ":", i + 1, ": ", source.lines[i]);
      CHECK_FALSE(HasToken(code, "float"));
      CHECK_FALSE(HasToken(code, "double"));
    }
  }
  CHECK(scanned > 10);
}

TEST_CASE("layering: files have one subject and a readable length") {
  for (const Source& source : AllSources()) {
    INFO(source.path, " has ", source.lines.size(), " lines");
    CHECK(source.lines.size() <= 450);
  }
}

TEST_CASE("layering: no file names a path of the machine it was written on") {
  const std::vector<std::string> prefixes = {std::string("/") + "home/", std::string("/") + "root/",
                                             std::string("/") + "work/"};
  for (const Source& source : AllSources()) {
    for (size_t i = 0; i < source.lines.size(); ++i) {
      INFO(source.path, ":", i + 1, ": ", source.lines[i]);
      for (const std::string& prefix : prefixes) {
        CHECK(source.lines[i].find(prefix) == std::string::npos);
      }
    }
  }
}

}  // namespace
