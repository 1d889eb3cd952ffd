// Writing files so that nobody ever sees half of one.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"

namespace integra {

// Writes under a temporary name in the same folder; Commit() syncs and renames. Without Commit()
// (an exception, an early return) the temporary file is removed and the old one stays as it was.
// Where `path` is a symbolic link, the file that it points to is replaced; where it is a device or
// a pipe (/dev/stdout), it is written to directly. Every failure throws Error (kSystem).
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void Write(std::span<const std::byte> bytes);
  void Write(std::string_view text);
  // Writes everything to the disk, so that Commit() has only to rename. For several files that
  // change together.
  void Sync();
  void Commit();

 private:
  void Flush();
  [[noreturn]] void FailSystem(const char* action) const;

  std::filesystem::path path_;
  std::filesystem::path temporary_;  // empty where `path` is written to directly
  FileDescriptor file_;
  std::string buffer_;
};

}  // namespace integra
