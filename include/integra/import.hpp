// Networks of other formats. Part of integra::tools.
#pragma once

#include <filesystem>

#include "integra/export.h"
#include "integra/network.hpp"

namespace integra {

struct ImportOptions {
  // How scaled accumulators are rounded in the imported network (docs/NUMERICS.md).
  enum class Rounding {
    kAuto,    // as the reference kernels of the framework that the file comes from: the same bits
    kSingle,  // once: the fastest
    kDouble,  // twice, as gemmlowp does
  };
  Rounding rounding = Rounding::kAuto;
};

// Reads a network of another format: a .tflite file. Throws Error: kInvalidFile, kUnsupported
// (lists all operators that Integra lacks), kSystem.
INTEGRA_API Network Import(const std::filesystem::path& file, const ImportOptions& options = {});

}  // namespace integra
