// Rewriting a float graph into an integer one, once every activation's values are known.
#pragma once

#include "graph/graph.h"
#include "integra/quantize.hpp"
#include "quantize/calibrate.h"

namespace integra::quantize {

// `graph` is the float graph that `calibration` observed (same tensor ids). The result has passed
// graph::Validate(). `reference`: plain loops instead of oneDNN. Adds to `report`.
graph::Graph RewriteToIntegers(graph::Graph graph, const Calibration& calibration,
                               const Recipe& recipe, bool reference, Report& report);

}  // namespace integra::quantize
