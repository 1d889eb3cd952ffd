// The per-layer part of a comparison's HTML report: bars as inline SVG.
#pragma once

#include <string>
#include <string_view>

#include "integra/compare.hpp"

namespace integra::analysis {

// The text with the characters that mean something in HTML and in attributes replaced.
std::string EscapeHtml(std::string_view text);

// A number for readers: three significant digits; "∞" and "−∞" for infinite values, "–" for NaN.
std::string Pretty(double value);

// One <svg> with a row per layer: signal-to-noise ratio, worst difference in steps, and saturation.
// `same` is the same pair with the same inputs, or null. Needs the style sheet of the report.
std::string LayerChart(const LayerComparison& free, const LayerComparison* same);

}  // namespace integra::analysis
