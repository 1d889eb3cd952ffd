// Links integra::tools and asks it for the impossible.
#include <cstdio>
#include <string>

#include "integra/integra.hpp"
#include "integra/tools.hpp"

int main() {
  if (std::string(integra::NameOf(integra::Mode::kSimulated)) != "simulated") return 1;
  try {
    integra::Import("nothing.tflite");
  } catch (const integra::Error& error) {
    std::printf("%s\n", error.what());
    return 0;
  }
  return 1;
}
