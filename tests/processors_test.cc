#include "base/processors.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "tests/support/temporary_folder.h"

namespace integra {
namespace {

using test::TemporaryFolder;

TEST_CASE("processors: quotas of control groups, version 2") {
  const TemporaryFolder folder;
  const auto proc = folder.Write("proc", "0::/pod/box\n");
  const auto quota = [&](const char* own, const char* parent, const char* root) {
    const std::pair<const char*, const char*> files[] = {
        {"mount/pod/box/cpu.max", own}, {"mount/pod/cpu.max", parent}, {"mount/cpu.max", root}};
    for (const auto& [name, text] : files) {
      const std::filesystem::path path = folder / name;
      std::filesystem::create_directories(path.parent_path());
      std::filesystem::remove(path);
      if (text != nullptr) folder.Write(name, text);
    }
    return CgroupProcessors(proc, folder / "mount");
  };
  CHECK(quota(nullptr, nullptr, nullptr) == 0);
  CHECK(quota("max 100000", "max 100000", nullptr) == 0);
  CHECK(quota("200000 100000", "max 100000", nullptr) == 2);
  CHECK(quota("150000 100000", nullptr, nullptr) == 2);  // rounded up
  CHECK(quota("1000 100000", nullptr, nullptr) == 1);
  CHECK(quota("800000 100000", "300000 100000", nullptr) == 3);  // the smallest counts
  CHECK(quota("max 100000", "max 100000", "400000 100000") == 4);
  CHECK(quota("nonsense", nullptr, nullptr) == 0);
  CHECK(quota("-1 0", nullptr, nullptr) == 0);
}

TEST_CASE("processors: quotas of control groups, version 1") {
  const TemporaryFolder folder;
  const auto proc = folder.Write("proc", "4:memory:/box\n3:cpu,cpuacct:/box\n1:name=systemd:/\n");
  std::filesystem::create_directories(folder / "mount/cpu/box");
  CHECK(CgroupProcessors(proc, folder / "mount") == 0);
  folder.Write("mount/cpu/box/cpu.cfs_quota_us", "-1\n");
  folder.Write("mount/cpu/box/cpu.cfs_period_us", "100000\n");
  CHECK(CgroupProcessors(proc, folder / "mount") == 0);
  folder.Write("mount/cpu/box/cpu.cfs_quota_us", "250000\n");
  CHECK(CgroupProcessors(proc, folder / "mount") == 3);
}

TEST_CASE("processors: no control groups at all") {
  const TemporaryFolder folder;
  CHECK(CgroupProcessors(folder / "nothing", folder / "mount") == 0);
}

}  // namespace
}  // namespace integra
