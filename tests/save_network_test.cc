// SaveNetwork() and readers beside it: the old network or the new one, never a mixture, whatever
// happens to the writer.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "graph/network_file.h"
#include "tests/support/networks.h"
#include "tests/support/temporary_folder.h"

namespace integra::test {
namespace {

using graph::Graph;
using graph::LoadNetwork;
using graph::SaveNetwork;

// The convolution network with other weights, another bias, and a name that says which it is.
Graph Variant(int8_t seed) {
  Graph g = ConvolutionNetwork();
  g.name = seed == 0 ? "old" : "new";
  std::vector<int8_t> weights(g.tensors[1].data.size());
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<int8_t>(seed + i % 3);
  g.tensors[1].data = SharedBytes::Own(std::move(weights));
  return g;
}

// Runs `body` in a process of its own; returns its exit code, or -1 where a signal ended it.
template <typename Body>
int InChild(const Body& body) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(body());
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int SavesWithSystemError(const Graph& g, const std::filesystem::path& folder) {
  try {
    SaveNetwork(g, folder);
  } catch (const Error& error) {
    return error.code() == ErrorCode::kSystem ? 0 : 2;
  }
  return 1;
}

std::string FilesIn(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  std::string all;
  for (const std::string& name : names) all += name + " ";
  return all;
}

constexpr const char* kBothFiles = "network.json weights.safetensors ";

TEST_CASE("checklist 11: saving where it is not possible leaves the old network whole") {
  const TemporaryFolder folder;
  folder.Write("file", "x");
  CHECK_THROWS_AS(SaveNetwork(Variant(0), folder / "file"), Error);
  folder.Write("network.json", SmallNetworkText());
  std::filesystem::create_directory(folder / "weights.safetensors");
  CHECK_THROWS_WITH_AS(SaveNetwork(Variant(0), folder.path()), doctest::Contains("is a folder"),
                       Error);
  CHECK(TryLoad(folder.path()).message == "");
}

TEST_CASE("checklist 11: a network file that cannot be replaced leaves the old network whole") {
  const TemporaryFolder folder;
  SaveNetwork(Variant(0), folder.path());
  std::filesystem::rename(folder / "network.json", folder / "kept.json");
  std::filesystem::create_directory(folder / "network.json");
  CHECK_THROWS_AS(SaveNetwork(Variant(1), folder.path()), Error);
  std::filesystem::remove(folder / "network.json");
  std::filesystem::rename(folder / "kept.json", folder / "network.json");
  CHECK(SameGraph(LoadNetwork(folder.path()), Variant(0)));
  CHECK(FilesIn(folder.path()) == kBothFiles);
}

TEST_CASE("checklist 11: a disk that fills up while a network is saved") {
  // The weights take about 3,700 bytes, the network file about 900: the limits stop the writer in
  // the one, in the other, and not at all.
  for (const rlim_t limit : {rlim_t{500}, rlim_t{2000}}) {
    const TemporaryFolder folder;
    SaveNetwork(Variant(0), folder.path());
    REQUIRE(std::filesystem::file_size(folder / "weights.safetensors") > limit);
    const int code = InChild([&] {
      ::signal(SIGXFSZ, SIG_IGN);
      const rlimit both{limit, limit};
      if (::setrlimit(RLIMIT_FSIZE, &both) != 0) return 3;
      return SavesWithSystemError(Variant(1), folder.path());
    });
    CHECK(code == 0);
    CHECK(SameGraph(LoadNetwork(folder.path()), Variant(0)));
    CHECK(FilesIn(folder.path()) == kBothFiles);
  }
}

TEST_CASE("checklist 11: a full file system") {
  const TemporaryFolder folder;
  if (::mount("none", folder.path().c_str(), "tmpfs", 0, "size=8k") != 0) {
    MESSAGE("SKIPPED: mounting a small file system needs privileges");
    return;
  }
  SaveNetwork(LoadNetwork(TemporaryFolder().Write("s.json", SmallNetworkText())), folder.path());
  CHECK(SavesWithSystemError(Variant(1), folder.path()) == 0);
  CHECK(LoadNetwork(folder.path()).name == "small");
  CHECK(FilesIn(folder.path()) == "network.json ");
  ::umount(folder.path().c_str());
}

TEST_CASE("checklist 11: a folder that must not be written to") {
  const TemporaryFolder folder;
  SaveNetwork(Variant(0), folder.path());
  if (::geteuid() == 0) {
    MESSAGE("SKIPPED: root may write anywhere");
    return;
  }
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0500));
  CHECK(SavesWithSystemError(Variant(1), folder.path()) == 0);
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0700));
  CHECK(SameGraph(LoadNetwork(folder.path()), Variant(0)));
}

TEST_CASE("checklist 11: every state that a killed writer can leave loads as old or new") {
  const TemporaryFolder old_folder, new_folder, folder;
  SaveNetwork(Variant(0), old_folder.path());
  SaveNetwork(Variant(1), new_folder.path());
  const std::string old_json = ReadText(old_folder / "network.json");
  const std::string new_json = ReadText(new_folder / "network.json");
  const std::string key = "\"weights_xxh64\": \"";
  const std::string checksum = old_json.substr(old_json.find(key) + key.size(), 16);
  const std::string backup = "weights." + checksum + ".safetensors";
  folder.Write("network.json", old_json);
  folder.Write("weights.safetensors", ReadText(old_folder / "weights.safetensors"));
  folder.Write(backup, ReadText(old_folder / "weights.safetensors"));
  folder.Write("network.json.tmp-1-0", "half");
  CHECK(LoadNetwork(folder.path()).name == "old");
  folder.Write("weights.safetensors", ReadText(new_folder / "weights.safetensors"));
  CHECK(SameGraph(LoadNetwork(folder.path()), Variant(0)));
  // A second writer on top of that is stopped at the same place: the first backup still counts.
  folder.Write("weights.safetensors", "something else");
  CHECK(LoadNetwork(folder.path()).name == "old");
  folder.Write("weights.safetensors", ReadText(new_folder / "weights.safetensors"));
  folder.Write("network.json", new_json);
  CHECK(SameGraph(LoadNetwork(folder.path()), Variant(1)));
  // The next one tidies up.
  SaveNetwork(Variant(0), folder.path());
  CHECK(FilesIn(folder.path()) == "network.json network.json.tmp-1-0 weights.safetensors ");
  // A backup with other bytes than its name says does not help.
  folder.Write("weights.safetensors", ReadText(new_folder / "weights.safetensors"));
  folder.Write(backup, "not it");
  CHECK(Says(TryLoad(folder.path()), "checksum"));
}

TEST_CASE("checklist 11: a checksum is no way to other files") {
  const TemporaryFolder folder;
  SaveNetwork(Variant(0), folder.path());
  std::string text = ReadText(folder / "network.json");
  const size_t at = text.find("\"weights_xxh64\": \"") + 18;
  for (const char* checksum : {"/../weights/../..", "", "0123456789ABCDEF", "0123456789abcdeg"}) {
    text.replace(at, text.find('"', at) - at, checksum);
    folder.Write("network.json", text);
    CHECK(Says(TryLoad(folder.path()), "checksum"));
  }
}

TEST_CASE("checklist 11: a writer killed at any moment leaves the old network or the new one") {
  const TemporaryFolder folder;
  const Graph variants[] = {Variant(0), Variant(1)};
  SaveNetwork(variants[0], folder.path());
  for (int round = 0; round < 60; ++round) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      for (int i = 0;; ++i) SaveNetwork(variants[i % 2], folder.path());
    }
    std::this_thread::sleep_for(std::chrono::microseconds(200 + 173 * round));
    ::kill(child, SIGKILL);
    REQUIRE(::waitpid(child, nullptr, 0) == child);
    const Graph found = LoadNetwork(folder.path());
    CHECK(SameGraph(found, variants[found.name == "old" ? 0 : 1]));
  }
}

TEST_CASE("a reader beside a writer always finds a whole network") {
  const TemporaryFolder folder;
  const Graph variants[] = {Variant(0), Variant(1)};
  SaveNetwork(variants[0], folder.path());
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    for (int i = 0;; ++i) SaveNetwork(variants[i % 2], folder.path());
  }
  for (int i = 0; i < 300; ++i) {
    const Graph found = LoadNetwork(folder.path());
    if (!SameGraph(found, variants[found.name == "old" ? 0 : 1])) FAIL("a mixture");
  }
  ::kill(child, SIGKILL);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
}

}  // namespace
}  // namespace integra::test
