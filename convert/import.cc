#include "integra/import.hpp"

#include "base/error.h"
#include "convert/convert.h"

namespace integra {

Network Import(const std::filesystem::path& file, const ImportOptions& options) {
  if (file.extension() != ".tflite") {
    Fail(ErrorCode::kUnsupported, file.string(), ": Integra imports .tflite files");
  }
  return Network(convert::ImportTflite(file, options));
}

}  // namespace integra
