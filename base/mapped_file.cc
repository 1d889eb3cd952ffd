#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <string>
#include <system_error>

#include "base/error.h"
#include "base/file_descriptor.h"

namespace integra {
namespace {

const char* KindOf(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  return "a device";
}

// True where the path `inner`, without links, lies below the folder `outer`, without links.
bool IsBelow(const std::filesystem::path& inner, const std::filesystem::path& outer) {
  const auto [outer_end, inner_rest] =
      std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end());
  return outer_end == outer.end() && inner_rest != inner.end();
}

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::Open(const std::filesystem::path& path,
                                                   uint64_t max_bytes) {
  // O_NONBLOCK: opening a pipe that nobody writes to must not wait.
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file.valid()) {
    const bool absent = errno == ENOENT || errno == ENOTDIR || errno == ELOOP ||
                        errno == ENAMETOOLONG || errno == ENXIO;
    Fail(absent ? ErrorCode::kInvalidFile : ErrorCode::kSystem, path.string(),
         ": cannot be opened: ", std::strerror(errno));
  }
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) {
    Fail(ErrorCode::kSystem, path.string(), ": cannot be read: ", std::strerror(errno));
  }
  if (!S_ISREG(status.st_mode)) {
    Fail(ErrorCode::kInvalidFile, path.string(), ": is ", KindOf(status.st_mode),
         ", not a regular file");
  }
  const auto size = static_cast<uint64_t>(status.st_size);
  if (size > max_bytes || size > std::numeric_limits<size_t>::max()) {
    Fail(ErrorCode::kInvalidFile, path.string(), ": has ", size, " bytes, more than the limit of ",
         max_bytes);
  }
  const std::byte* data = nullptr;
  if (size > 0) {  // mmap refuses to map nothing
    void* mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (mapped == MAP_FAILED) {
      Fail(ErrorCode::kSystem, path.string(), ": cannot be mapped: ", std::strerror(errno));
    }
    data = static_cast<const std::byte*>(mapped);
  }
  return std::shared_ptr<const MappedFile>(new MappedFile(data, size));
}

std::shared_ptr<const MappedFile> MappedFile::OpenInside(const std::filesystem::path& folder,
                                                         const std::filesystem::path& relative,
                                                         uint64_t max_bytes) {
  if (relative.empty() || relative.is_absolute() ||
      relative.native().find('\0') != std::string::npos ||  // where the system's path would end
      std::find(relative.begin(), relative.end(), "..") != relative.end()) {
    Fail(ErrorCode::kInvalidFile, "'", relative.string(),
         "' is not a file's name inside of the folder ", folder.string());
  }
  std::error_code error;
  const auto home = std::filesystem::canonical(folder.empty() ? "." : folder, error);
  const auto file =
      error ? std::filesystem::path() : std::filesystem::canonical(folder / relative, error);
  if (error) {
    Fail(ErrorCode::kInvalidFile, (folder / relative).string(),
         ": cannot be opened: ", error.message());
  }
  if (!IsBelow(file, home)) {
    Fail(ErrorCode::kInvalidFile, (folder / relative).string(), ": leads out of its folder, to ",
         file.string());
  }
  return Open(file, max_bytes);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace integra
