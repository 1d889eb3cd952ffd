// Layers that follow each other, with threads waiting for each other only behind the last.
//
// Threads share out the pixels of a layer, and wait for each other before the next. Where that one
// needs of each pixel no other than the one with the same number (1 x 1 convolutions, additions), a
// thread may as well go on with its own. On small layers, waiting takes a good part of the time.
#pragma once

#include "runtime/plan.h"

namespace integra::runtime {

// Makes one step of steps that follow each other: the first one's pixels may depend on any, those
// of others are local (PixelStep). It runs as a whole: not for sessions that look at each step by
// itself. Nothing is joined for one thread.
void JoinPixelSteps(int threads, Plan& plan);

}  // namespace integra::runtime
