// Processor time of the calling thread: on a machine that is shared, wall time counts the
// neighbours.
#pragma once

#include <time.h>

namespace integra::bench {

inline double ThreadSeconds() {
  timespec t;
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

}  // namespace integra::bench
