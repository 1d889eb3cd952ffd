#include "integra/import.hpp"

#include <new>

#include "base/error.h"
#include "convert/convert.h"

namespace integra {

Network Import(const std::filesystem::path& file, const ImportOptions& options) {
  if (file.extension() != ".tflite") {
    Fail(ErrorCode::kUnsupported, file.string(), ": Integra imports .tflite files");
  }
  try {
    return Network(convert::ImportTflite(file, options));
  } catch (const std::bad_alloc&) {
    FailOutOfMemory(file.native());
  }
}

}  // namespace integra
