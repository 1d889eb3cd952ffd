// Runs a float network over samples, several at a time, for those who look at its activations.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>

#include "integra/compare.hpp"
#include "integra/network.hpp"
#include "quantize/checkpoint.h"
#include "runtime/float/float_plan.h"

namespace integra::quantize {

struct SampleRunOptions {
  int threads = 1;         // samples run at the same time, each on one thread
  int64_t samples = 0;     // how many
  bool reference = false;  // plain loops instead of oneDNN
  std::function<void(int64_t done, int64_t total)> progress =
      nullptr;  // called from one thread at a time
  // Where the observer's state is kept, so that a run that was stopped goes on where it was:
  // written now and then and at the end, read at the start. "": nowhere.
  std::filesystem::path checkpoint = {};
  double checkpoint_seconds = 10;  // between two writes
};

// Where the time of RunSamples() went: seconds by the clock.
struct SampleRunTimes {
  double reading = 0;    // samples from the data set
  double inference = 0;  // of the float network, made ready and run
  double observing = 0;  // all else
};

// Samples run in blocks: in any order and on any thread within a block, and after it their results
// are taken in in the samples' order. What depends on order (moving averages, sums of floats,
// errors) then does not depend on threads.
class SampleObserver : public Resumable {
 public:
  struct Place {
    int thread;    // below the number of threads
    int64_t slot;  // within the block; below BlockSize(threads)
    int64_t sample;
  };
  // An activation (float32) has got its value. It is observed as soon as it is there, while it is
  // in the cache, and its memory may soon serve another.
  virtual void Observe(const Place& place, graph::TensorId id, std::span<const float> values) = 0;
  // The sample in this slot is the next in order. From one thread.
  virtual void TakeIn(int64_t slot) = 0;
};

int64_t BlockSize(int threads);

// How many of `wanted` (0: all) samples a data set has. Throws kInvalidArgument where that is none.
int64_t CountSamples(const DataSource& data, int64_t wanted);

// Throws what reading the data and the observer throw, of several samples for the first in their
// order; kInvalidFile where the checkpoint is damaged or of another network or number of samples.
SampleRunTimes RunSamples(const Network& network, DataSource& data, const SampleRunOptions& options,
                          SampleObserver& observer);

}  // namespace integra::quantize
