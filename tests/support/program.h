// Running the `integra` program as a user does.
#pragma once

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

// Runs it with these arguments; standard input is empty.
ProgramResult RunProgram(const std::vector<std::string>& arguments, Out out = Out::kKept);

}  // namespace integra::test
