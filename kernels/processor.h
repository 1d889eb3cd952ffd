// Which processor this is.
#pragma once

#include <string>

namespace integra::kernels {

// Vendor, family, model, stepping and, where it has one, name of the processor, by CPUID:
// "AuthenticAMD family 25 model 17 stepping 1, AMD EPYC". "unknown" where there is no CPUID.
const std::string& ProcessorName();

}  // namespace integra::kernels
