// The histograms of a comparison's HTML report: one small chart per layer, as inline SVG.
#pragma once

#include <string>

#include "integra/compare.hpp"

namespace integra::analysis {

// What the layers' values were in `a`, about the range that b's integers hold (shaded). Heights are
// logarithms of counts. "" where no layer has a histogram. Needs the style sheet of the report.
std::string RangeCharts(const LayerComparison& layers);

}  // namespace integra::analysis
