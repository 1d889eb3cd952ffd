#include "cli/console.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "base/error.h"

namespace integra::cli {
namespace {

bool reader_gone = false;

void CheckOut(bool written) {
  if (written) return;
  const int error = errno;
  std::clearerr(stdout);
  if (error == EPIPE) {
    reader_gone = true;
    return;
  }
  Fail(ErrorCode::kSystem, "cannot write to standard output: ", std::strerror(error));
}

}  // namespace

void PrepareConsole() {
  std::signal(SIGPIPE, SIG_IGN);
  for (const int fd : {0, 1, 2}) {
    // Opened for the wrong direction, so that using it still fails.
    if (fcntl(fd, F_GETFD) == -1 && errno == EBADF) {
      if (open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd) std::_Exit(5);
    }
  }
}

void WriteOut(std::string_view text) {
  if (reader_gone) return;
  CheckOut(std::fwrite(text.data(), 1, text.size(), stdout) == text.size());
}

void FlushOut() {
  if (!reader_gone) CheckOut(std::fflush(stdout) == 0);
}

void PrintError(const std::string& message) {
  std::fputs(("integra: error: " + Printable(message) + "\n").c_str(), stderr);
}

void PrintNote(const std::string& message) {
  std::fputs(("integra: note: " + Printable(message) + "\n").c_str(), stderr);
}

Progress::Progress(std::string what) : what_(std::move(what)), visible_(isatty(2) == 1) {}

Progress::~Progress() {
  if (visible_ && shown_ >= 0) std::fputs("\r\x1B[K", stderr);
}

void Progress::Update(int64_t done, int64_t total) {
  if (!visible_ || total <= 0) return;
  const int percent = static_cast<int>(done * 100 / total);
  if (percent == shown_) return;
  shown_ = percent;
  const std::string bar(static_cast<size_t>(percent) * 30 / 100, '#');
  fmt::print(stderr, "\r{} [{:<30}] {:3}% ({} of {})\x1B[K", what_, bar, percent, done, total);
  std::fflush(stderr);
}

}  // namespace integra::cli
