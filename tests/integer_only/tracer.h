// Following a function instruction by instruction.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace integra::test {

struct Trace {
  size_t executed = 0;  // instructions
  // Every different instruction: its bytes (padded to 16) and the file it came from ("" for code
  // made at run time).
  std::vector<std::string> code;
  std::vector<std::string> origin;
};

// Calls f() with the processor's trap flag set: after every instruction of this thread a signal
// handler notes where it was. Takes some microseconds for each. Not reentrant. Throws
// std::runtime_error where there are more different instructions than fit in the table (2^17).
Trace Follow(const std::function<void()>& f);

}  // namespace integra::test
