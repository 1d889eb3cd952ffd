// Running the `integra` program as a user does.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace integra::test {

struct ProgramResult {
  int code = -1;  // exit code; -1 where a signal ended it
  std::string out, err;
};

enum class Out {
  kKept,    // in ProgramResult::out
  kNoOne,   // a pipe that nobody reads any more
  kFull,    // a full disk
  kClosed,  // not open at all
};

// What may happen to the program while it runs.
struct Trouble {
  Out out = Out::kKept;
  uint64_t max_file_bytes = UINT64_MAX;      // more in one file is refused, as by a full disk
  std::chrono::microseconds killed_after{};  // by SIGKILL; 0: it is not
};

// Runs it with these arguments; standard input is empty.
ProgramResult RunProgram(const std::vector<std::string>& arguments, const Trouble& trouble);
ProgramResult RunProgram(const std::vector<std::string>& arguments, Out out = Out::kKept);

}  // namespace integra::test
