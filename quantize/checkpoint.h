// A file that keeps what a run over samples has observed so far, so that one that was stopped goes
// on where it was.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "graph/safetensors.h"
#include "integra/network.hpp"

namespace integra::quantize {

// Who can be stopped and go on.
class Resumable {
 public:
  virtual ~Resumable() = default;
  // What was observed so far; nothing else of the past matters. The tensors' names are its own.
  virtual std::vector<graph::StoredTensor> Save() const = 0;
  // Throws kInvalidFile where the tensors are not what Save() of the like would give.
  virtual void Restore(const graph::SafetensorsReader& state) = 0;
};

// Numbers as tensors of a checkpoint, and back. Throws kInvalidFile where there are not `count`.
graph::StoredTensor Stored(std::string name, std::vector<int64_t> numbers);
graph::StoredTensor Stored(std::string name, std::vector<float> numbers);
std::vector<int64_t> StoredNumbers(const graph::SafetensorsReader& state, const std::string& name,
                                   int64_t count);
std::vector<float> StoredFloats(const graph::SafetensorsReader& state, const std::string& name,
                                int64_t count);

// The file also says what it belongs to: the network (structure and constants) and the number of
// samples.
class Checkpoint {
 public:
  // `path` "": keeps nothing. `seconds` between two writes.
  Checkpoint(std::filesystem::path path, double seconds, const Network& network, int64_t samples);

  // Where the file is there, gives `run` its state back. Returns how many samples that holds.
  // Throws kInvalidFile where the file is damaged or belongs to something else.
  int64_t Restore(Resumable& run);

  // Writes the file where it is time or `last`.
  void Save(const Resumable& run, int64_t done, bool last);

 private:
  const std::filesystem::path path_;
  const double seconds_;
  std::vector<int64_t> owner_;  // what the file belongs to
  std::chrono::steady_clock::time_point saved_;
};

}  // namespace integra::quantize
