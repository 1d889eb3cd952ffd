// Layers of one row that follow each other, with nothing between them.
//
// Such a layer takes a fraction of a microsecond, most of it to read its weights. Calling its step,
// and what the step calls, would be a good part of that.
#pragma once

#include "runtime/plan.h"

namespace integra::runtime {

// Makes one step of those that follow each other and have a RowLayer. It runs as a whole: not for
// sessions that look at each step by itself.
void JoinRowLayers(Plan& plan);

}  // namespace integra::runtime
