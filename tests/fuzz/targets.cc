#include "tests/fuzz/targets.h"

#include <cstdio>
#include <cstdlib>

namespace integra::fuzz {
namespace {

constexpr Target kTargets[] = {
    {"tflite", RunTflite, TfliteSeeds},
    {"execute", RunExecute, ExecuteSeeds, LoadAny},
    {"network", RunNetwork, NetworkSeeds, LoadText},
    {"safetensors", RunSafetensors, SafetensorsSeeds},
    {"npy", RunNpy, NpySeeds},
    {"picture", RunPicture, PictureSeeds},
    {"tuning", RunTuning, TuningSeeds},
};

}  // namespace

std::span<const Target> Targets() { return kTargets; }

const Target* FindTarget(std::string_view name) {
  for (const Target& target : kTargets) {
    if (name == target.name) return &target;
  }
  return nullptr;
}

void Finding(const char* what) {
  std::fprintf(stderr, "FINDING: %s\n", what);
  std::abort();
}

}  // namespace integra::fuzz
