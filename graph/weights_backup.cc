#include "graph/weights_backup.h"

#include <dirent.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "base/error.h"
#include "base/mapped_file.h"
#include "base/xxhash64.h"

namespace integra::graph {
namespace {

constexpr size_t kChecksumDigits = 16;

bool IsChecksum(std::string_view text) {
  return text.size() == kChecksumDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

std::filesystem::path BackupOf(const std::filesystem::path& weights, std::string_view checksum) {
  if (!IsChecksum(checksum)) return {};
  std::filesystem::path name = weights.stem();
  name += StrCat(".", checksum);
  name += weights.extension();
  return weights.parent_path() / name;
}

void KeepWeights(const std::filesystem::path& weights) {
  try {
    const auto file = MappedFile::Open(weights, std::numeric_limits<uint64_t>::max());
    std::error_code error;  // there may be one already, from a writer that was stopped
    std::filesystem::create_hard_link(
        weights, BackupOf(weights, Xxhash64Text(Xxhash64(file->bytes()))), error);
  } catch (const Error&) {
    // No weights yet, or none that can be read: nothing to keep.
  }
}

void RemoveBackups(const std::filesystem::path& weights) {
  const std::string stem = weights.stem().string() + ".";
  const std::string extension = weights.extension().string();
  std::vector<std::filesystem::path> backups;
  const auto folder = weights.has_parent_path() ? weights.parent_path() : ".";
  // Not std::filesystem's iterator: where memory runs out, libstdc++'s ends the process.
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(folder.c_str()), &::closedir);
  if (listing == nullptr) return;
  while (const dirent* entry = ::readdir(listing.get())) {
    const std::string name = entry->d_name;
    if (name.size() == stem.size() + kChecksumDigits + extension.size() && name.starts_with(stem) &&
        name.ends_with(extension) && IsChecksum(name.substr(stem.size(), kChecksumDigits))) {
      backups.push_back(folder / name);
    }
  }
  std::error_code error;
  for (const auto& backup : backups) std::filesystem::remove(backup, error);
}

}  // namespace integra::graph
