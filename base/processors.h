// How many processors a process may use.
#pragma once

#include <filesystem>

namespace integra {

// What the CPU quotas of the process's control groups allow (cgroup v2 "cpu.max", v1
// "cpu.cfs_quota_us"; the smallest of the group and all above it), rounded up to whole processors;
// 0 where there is none. `proc_cgroup` is /proc/self/cgroup and `mount` /sys/fs/cgroup, but in
// tests. (UsableProcessors() in integra/session.hpp knows the affinity mask, too.)
int CgroupProcessors(const std::filesystem::path& proc_cgroup, const std::filesystem::path& mount);

}  // namespace integra
