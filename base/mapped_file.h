// Reading files without copying them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

namespace integra {

// A regular file, mapped read-only. While it is mapped it must not be truncated by others
// (replacing it by renaming another file over it, as AtomicFile does, is harmless).
class MappedFile {
 public:
  // Throws Error: kInvalidFile where there is no such file, where it is no regular file (a folder,
  // a device, a pipe: never waits on one) or larger than `max_bytes`; kSystem where it may not be
  // read.
  static std::shared_ptr<const MappedFile> Open(const std::filesystem::path& path,
                                                uint64_t max_bytes);

  // Opens `folder`/`relative` for a file that another, untrusted file names. kInvalidFile where
  // `relative` is absolute, contains "..", or leads out of `folder` through a symbolic link.
  static std::shared_ptr<const MappedFile> OpenInside(const std::filesystem::path& folder,
                                                      const std::filesystem::path& relative,
                                                      uint64_t max_bytes);

  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }

 private:
  MappedFile(const std::byte* data, size_t size) : data_(data), size_(size) {}

  const std::byte* data_;  // nullptr for an empty file
  size_t size_;
};

}  // namespace integra
