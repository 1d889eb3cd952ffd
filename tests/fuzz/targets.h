// What is fuzzed: functions that take any bytes and must return. They are run in two ways: by
// libFuzzer (CMake option INTEGRA_FUZZ, one program per target), and by integra_fuzz_replay, an
// ordinary test that needs no special compiler.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace integra::fuzz {

using Bytes = std::vector<std::byte>;
using BytesView = std::span<const std::byte>;

struct Target {
  const char* name;
  // Whatever the input, only integra::Error is thrown inside, and it is caught inside. Aborts where
  // a property does not hold.
  void (*run)(BytesView input);
  // Small valid inputs to start from.
  std::vector<Bytes> (*seeds)();
  // The network of an input, where inputs are networks; throws Error. Their seeds have to hold
  // every operator.
  graph::Graph (*load)(BytesView input) = nullptr;
};

std::span<const Target> Targets();
const Target* FindTarget(std::string_view name);  // null: there is none

// Says what is wrong on standard error and aborts: what both ways of running take for a finding.
[[noreturn]] void Finding(const char* what);

// One file per target.
void RunTflite(BytesView input);
std::vector<Bytes> TfliteSeeds();
void RunExecute(BytesView input);
std::vector<Bytes> ExecuteSeeds();
graph::Graph LoadAny(BytesView input);  // a network.json or .tflite file; throws Error
void RunNetwork(BytesView input);
std::vector<Bytes> NetworkSeeds();
graph::Graph LoadText(BytesView network);  // a network.json; throws Error
void RunSafetensors(BytesView input);
std::vector<Bytes> SafetensorsSeeds();
void RunNpy(BytesView input);
std::vector<Bytes> NpySeeds();
void RunPicture(BytesView input);
std::vector<Bytes> PictureSeeds();
void RunTuning(BytesView input);
std::vector<Bytes> TuningSeeds();

}  // namespace integra::fuzz
