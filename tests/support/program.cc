#include "tests/support/program.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <thread>

#include "tests/support/temporary_folder.h"

namespace integra::test {
namespace {

// In the child, between fork and exec: only calls that are allowed there.
void Redirect(Out out, const char* out_file, const char* err_file) {
  const auto open_as = [](const char* file, int flags, int fd) {
    const int opened = open(file, flags, 0600);
    if (opened < 0 || dup2(opened, fd) < 0) _exit(99);
    if (opened != fd) close(opened);
  };
  open_as("/dev/null", O_RDONLY, 0);
  open_as(err_file, O_WRONLY | O_CREAT, 2);
  switch (out) {
    case Out::kKept:
      open_as(out_file, O_WRONLY | O_CREAT, 1);
      return;
    case Out::kFull:
      open_as("/dev/full", O_WRONLY, 1);
      return;
    case Out::kClosed:
      close(1);
      return;
    case Out::kNoOne:
      break;
  }
  int ends[2];
  if (pipe(ends) != 0 || dup2(ends[1], 1) < 0) _exit(99);
  close(ends[0]);
  close(ends[1]);
}

// As above. Where files may not grow, writing is to fail instead of ending the program.
void LimitFiles(uint64_t bytes) {
  const rlimit limit{bytes, bytes};
  signal(SIGXFSZ, SIG_IGN);
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(97);
}

}  // namespace

ProgramResult RunProgram(const std::vector<std::string>& arguments, Out out) {
  return RunProgram(arguments, Trouble{.out = out});
}

ProgramResult RunProgram(const std::vector<std::string>& arguments, const Trouble& trouble) {
  const TemporaryFolder folder;
  const std::string out_file = folder / "out", err_file = folder / "err";
  std::vector<char*> argv = {const_cast<char*>("integra")};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("cannot fork");
  if (child == 0) {
    Redirect(trouble.out, out_file.c_str(), err_file.c_str());
    if (trouble.max_file_bytes != UINT64_MAX) LimitFiles(trouble.max_file_bytes);
    execv(INTEGRA_PROGRAM, argv.data());
    _exit(98);
  }
  if (trouble.killed_after.count() > 0) {
    std::this_thread::sleep_for(trouble.killed_after);
    kill(child, SIGKILL);
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child) throw std::runtime_error("cannot wait");
  ProgramResult result;
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  if (std::filesystem::exists(out_file)) result.out = ReadText(out_file);
  if (std::filesystem::exists(err_file)) result.err = ReadText(err_file);
  return result;
}

}  // namespace integra::test
