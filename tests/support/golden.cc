#include "tests/support/golden.h"

#include <cstdio>
#include <cstdlib>

namespace integra::test {

std::optional<std::filesystem::path> GoldenFolder(const char* file, int line) {
  const char* const configured = std::getenv("INTEGRA_TEST_DATA");
  const std::filesystem::path folder =
      configured != nullptr ? configured : INTEGRA_SOURCE_DIR "/../shared/data";
  std::error_code ignored;
  if (std::filesystem::is_directory(folder / "goldens", ignored)) return folder;
  std::fprintf(stderr, "SKIPPED: test at %s:%d: no golden data in %s (set INTEGRA_TEST_DATA)\n",
               file, line, folder.c_str());
  return std::nullopt;
}

const std::vector<GoldenName>& GoldenNames() {
  static const std::vector<GoldenName> names = {
      {"ad01_int8", 0.3},
      {"deeplabv3_mnv2_dm05_pascal_quant", 867},
      {"keras_lstm_mnist_ptq", 0.1},
      {"kws_ref_model", 2.7},
      {"mobilenet_v1_0.25_128_quant", 14},
      {"movenet_single_pose_lightning_ptq", 271, true},  // its decoder divides and takes a root
      {"pretrainedResnet_quant", 13},
      {"split_concat", 0},
      {"str_ww_ref_model", 0.8},
      {"tf2_mobilenet_v2_1.0_224_ptq", 301},
      {"vww_96_int8", 7.5},
  };
  return names;
}

std::vector<std::string> IntegerGoldenNames(double most_million_macs) {
  std::vector<std::string> names;
  for (const GoldenName& golden : GoldenNames()) {
    if (!golden.has_float_nodes && golden.million_macs <= most_million_macs) {
      names.push_back(golden.name);
    }
  }
  return names;
}

}  // namespace integra::test
