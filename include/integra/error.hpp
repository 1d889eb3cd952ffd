// The one exception type that Integra throws.
#pragma once

#include <stdexcept>
#include <string>

#include "integra/export.h"

namespace integra {

// What kind of failure it was; the values are the exit codes of the `integra` program.
enum class ErrorCode {
  kInvalidArgument = 2,  // the caller's use of the interface is wrong
  kInvalidFile = 3,      // a file is damaged, inconsistent or hostile
  kUnsupported = 4,      // valid, but Integra cannot do it; the message names the node
  kSystem = 5,           // memory, disk, permissions
  kCancelled = 6,        // SessionOptions::should_stop said so; not an exit code
};

// Thrown by every function of the C++ interface that can fail. what() names the file, the node or
// tensor, the cause and, where there is one, the remedy.
class INTEGRA_API Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace integra
