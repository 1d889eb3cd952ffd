#include "base/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>

#include "base/error.h"

namespace integra {
namespace {

// Written in blocks as large as this, a file lies in large pieces in the system's cache: mapping it
// then takes a fraction of the time.
constexpr size_t kBlockBytes = size_t{1} << 20;
constexpr int kAttempts = 1000;  // at an unused temporary name

}  // namespace

AtomicFile::AtomicFile(const std::filesystem::path& path) : path_(path) {
  std::error_code error;
  const auto target = std::filesystem::canonical(path, error);
  if (!error) path_ = target;  // follows links; a new file has none to follow
  struct stat status = {};
  const bool exists = ::stat(path_.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) {
    Fail(ErrorCode::kSystem, path_.string(), ": cannot be written: is a folder");
  }
  if (exists && !S_ISREG(status.st_mode)) {
    file_ = FileDescriptor(::open(path_.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
    if (!file_.valid()) FailSystem("opened for writing");
    return;
  }
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    temporary_ = path_;
    temporary_ += StrCat(".tmp-", ::getpid(), "-", attempt);
    file_ = FileDescriptor(
        ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666));
    if (file_.valid() || errno != EEXIST) break;
  }
  if (!file_.valid()) {
    temporary_.clear();  // not ours to remove
    FailSystem("created");
  }
  // A failure to keep the old file's permissions is no reason not to write.
  if (exists && ::fchmod(file_.get(), status.st_mode & 0777) != 0) errno = 0;
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::Write(std::span<const std::byte> bytes) {
  Write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void AtomicFile::Write(std::string_view text) {
  while (!text.empty()) {
    const auto part = text.substr(0, kBlockBytes - buffer_.size());
    buffer_ += part;
    text.remove_prefix(part.size());
    if (buffer_.size() == kBlockBytes) Flush();
  }
}

void AtomicFile::Flush() {
  for (std::string_view rest = buffer_; !rest.empty();) {
    const ssize_t written = ::write(file_.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) FailSystem("written");
    rest.remove_prefix(static_cast<size_t>(written));
  }
  buffer_.clear();
}

void AtomicFile::Sync() {
  Flush();
  if (!temporary_.empty() && ::fsync(file_.get()) != 0) FailSystem("written");
  if (file_.Close() != 0) FailSystem("written");
}

void AtomicFile::Commit() {
  if (file_.valid()) Sync();
  if (temporary_.empty()) return;  // a device: nothing to rename
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) FailSystem("replaced");
  temporary_.clear();
  // The rename itself survives a power cut once the folder is synced. Some file systems cannot; the
  // file is complete either way.
  const auto folder = path_.has_parent_path() ? path_.parent_path() : std::filesystem::path(".");
  const FileDescriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.valid()) ::fsync(directory.get());
}

void AtomicFile::FailSystem(const char* action) const {
  Fail(ErrorCode::kSystem, path_.string(), ": cannot be ", action, ": ", std::strerror(errno));
}

}  // namespace integra
