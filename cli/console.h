// Standard output and error of the program.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace integra::cli {

// Call first. A closed pipe must not kill the program while it writes files (SIGPIPE), and a file
// that it opens must not become its standard output because that was closed.
void PrepareConsole();

// Writes to standard output. Where its reader has gone (`integra inspect net | head -1`) the text
// is dropped and the work goes on. Throws Error (kSystem) where it cannot be written otherwise.
void WriteOut(std::string_view text);

template <typename... Args>
void Print(fmt::format_string<Args...> format, Args&&... args) {
  WriteOut(fmt::format(format, std::forward<Args>(args)...));
}

// Writes what is still buffered. Call last. Throws as WriteOut().
void FlushOut();

// "integra: error: <message>" on standard error. Names that come from files are made printable.
void PrintError(const std::string& message);
// "integra: note: <message>" on standard error.
void PrintNote(const std::string& message);

// A bar on standard error, only where that is a terminal. Gone when destroyed.
class Progress {
 public:
  explicit Progress(std::string what);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Update(int64_t done, int64_t total);

 private:
  const std::string what_;
  const bool visible_;
  int shown_ = -1;
};

}  // namespace integra::cli
