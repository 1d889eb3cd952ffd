#include "base/processors.h"

#include <sched.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>
#include <thread>

#include "base/error.h"
#include "integra/session.hpp"

namespace integra {
namespace {

namespace fs = std::filesystem;

int WholeProcessors(int64_t quota, int64_t period) {
  if (quota <= 0 || period <= 0) return 0;
  return static_cast<int>(std::clamp<int64_t>((quota + period - 1) / period, 1, 1 << 20));
}

// "100000 50000" or "max 100000".
int QuotaOfVersion2(const fs::path& group) {
  std::ifstream file(group / "cpu.max");
  int64_t quota = 0, period = 0;
  return file >> quota >> period ? WholeProcessors(quota, period) : 0;
}

int QuotaOfVersion1(const fs::path& group) {
  std::ifstream quota_file(group / "cpu.cfs_quota_us"), period_file(group / "cpu.cfs_period_us");
  int64_t quota = 0, period = 0;
  return quota_file >> quota && period_file >> period ? WholeProcessors(quota, period) : 0;
}

// The smallest quota of `group` and the groups above it.
template <typename Quota>
int SmallestQuota(const fs::path& mount, fs::path group, const Quota& quota_of) {
  int smallest = 0;
  for (;; group = group.parent_path()) {
    const int quota = quota_of(mount / group.relative_path());
    if (quota > 0) smallest = smallest == 0 ? quota : std::min(smallest, quota);
    if (!group.has_relative_path()) return smallest;
  }
}

}  // namespace

int CgroupProcessors(const fs::path& proc_cgroup, const fs::path& mount) {
  std::ifstream file(proc_cgroup);
  int smallest = 0;
  // Lines are "number:controllers:path"; version 2 has number 0 and no controllers.
  for (std::string line; std::getline(file, line);) {
    const size_t first = line.find(':');
    const size_t second = first == line.npos ? line.npos : line.find(':', first + 1);
    if (second == line.npos) continue;
    const std::string controllers = StrCat(",", line.substr(first + 1, second - first - 1), ",");
    const fs::path group = line.substr(second + 1);
    int quota = 0;
    if (controllers == ",,") {
      quota = SmallestQuota(mount, group, QuotaOfVersion2);
    } else if (controllers.find(",cpu,") != controllers.npos) {
      quota = SmallestQuota(mount / "cpu", group, QuotaOfVersion1);
    }
    if (quota > 0) smallest = smallest == 0 ? quota : std::min(smallest, quota);
  }
  return smallest;
}

int UsableProcessors() {
  int count = static_cast<int>(std::thread::hardware_concurrency());
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) count = CPU_COUNT(&set);
  const int quota = CgroupProcessors("/proc/self/cgroup", "/sys/fs/cgroup");
  if (quota > 0) count = std::min(count, quota);
  return std::max(count, 1);
}

}  // namespace integra
