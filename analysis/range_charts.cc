#include "analysis/range_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/layer_chart.h"

namespace integra::analysis {
namespace {

constexpr int kBar = 4;      // pixels
constexpr int kHeight = 56;  // of the highest bar
constexpr int kWidth = kBar * LayerDifference::kHistogramBins;
constexpr int kMargin = kWidth / 6;  // a quarter of the range, of one and a half that are drawn

std::string Chart(const LayerDifference& layer) {
  const int64_t most = *std::ranges::max_element(layer.histogram);
  std::string out = fmt::format(
      "<figure><svg viewBox='0 0 {0} {1}' width='{0}' height='{1}' role='img' aria-label='{2}'>"
      "<rect class='range' x='{3}' y='0' width='{4}' height='{1}'/>",
      kWidth, kHeight + 1, EscapeHtml(layer.tensor), kMargin, kWidth - 2 * kMargin);
  for (size_t i = 0; i < layer.histogram.size(); ++i) {
    if (layer.histogram[i] == 0) continue;
    const double share =
        std::log1p(static_cast<double>(layer.histogram[i])) / std::log1p(static_cast<double>(most));
    const double height = std::max(1.0, share * kHeight);
    out += fmt::format("<rect class='same' x='{}' y='{:.1f}' width='{}' height='{:.1f}'/>",
                       static_cast<int>(i) * kBar, kHeight + 1 - height, kBar - 1, height);
  }
  return out + fmt::format(
                   "</svg><figcaption>{}<br><span class='soft'>{} … {}, {} % used</span>"
                   "</figcaption></figure>\n",
                   EscapeHtml(layer.node), Pretty(layer.range_low), Pretty(layer.range_high),
                   Pretty(100 * layer.range_use));
}

}  // namespace

std::string RangeCharts(const LayerComparison& layers) {
  std::string charts;
  for (const LayerDifference& layer : layers.layers) {
    if (!layer.histogram.empty()) charts += Chart(layer);
  }
  if (charts.empty()) return "";
  return fmt::format(
      "<details><summary>Histograms: values of {}, and the range that {} represents "
      "(shaded)</summary><div class='charts'>\n{}</div></details>\n",
      EscapeHtml(layers.a), EscapeHtml(layers.b), charts);
}

}  // namespace integra::analysis
