// A comparison as one self-contained HTML page.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "analysis/layer_chart.h"
#include "analysis/range_charts.h"
#include "integra/compare.hpp"

namespace integra {
namespace {

using analysis::EscapeHtml;
using analysis::LayerChart;
using analysis::Pretty;
using analysis::RangeCharts;

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --ink: #1c2530; --soft: #66717e; --line: #dfe4ea; --page: #f6f8fa;
  --card: #fff; --free: #8fb3d9; --same: #1f5fa8; --bad: #d9822b; --hover: #eef3f9; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e8ee; --soft: #95a1ae; --line: #333d48;
  --page: #12171d; --card: #1a2129; --free: #48698c; --same: #7db4f0; --bad: #e09a4f; --hover: #222c37; } }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 26px; margin: 0; overflow-wrap: anywhere; } h2 { font-size: 18px; margin: 0 0 12px; }
p { margin: 6px 0; } .soft { color: var(--soft); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 18px 20px; margin-top: 20px; overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 5px 14px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--soft); font-weight: 500; } th:first-child, td:first-child { text-align: left; padding-left: 0; }
td.text { text-align: left; } tr:last-child td { border-bottom: 0; }
details { margin-top: 12px; } summary { cursor: pointer; color: var(--soft); }
details table { font-size: 13px; margin-top: 8px; }
.key { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin: 0 5px 0 14px;
  vertical-align: -1px; } .key:first-child { margin-left: 0; }
svg.layers { width: 100%; min-width: 900px; height: auto; font-size: 11px; fill: var(--ink); }
svg .name { text-anchor: end; } svg .op, svg .tick { fill: var(--soft); } svg .op { font-size: 10px; }
svg .tick { text-anchor: middle; font-size: 10px; } svg .title { font-weight: 600; font-size: 12px; }
svg .value { font-size: 9px; fill: var(--soft); } svg .grid { stroke: var(--line); }
.free { fill: var(--free); background: var(--free); } .same { fill: var(--same); background: var(--same); }
.saturated { fill: var(--bad); background: var(--bad); }
.charts { display: flex; flex-wrap: wrap; gap: 14px; } figure { margin: 0; width: 192px; }
figcaption { font-size: 11px; overflow-wrap: anywhere; } .range { fill: var(--hover); }
svg .back { fill: transparent; } svg .row:hover .back { fill: var(--hover); }
)";

std::string Percent(int64_t part, int64_t whole) {
  if (whole == 0) return "–";
  return fmt::format("{:.2f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string Modes(const Comparison& c) {
  const bool accuracy = c.labelled > 0;
  std::string out = "<section><h2>Modes</h2><table><tr><th>mode</th>";
  if (accuracy) out += "<th>top-1</th><th>top-5</th>";
  out += "<th>time of one run</th></tr>\n";
  for (const ModeResult& mode : c.modes) {
    out += fmt::format("<tr><td>{}</td>", EscapeHtml(mode.mode));
    if (accuracy) {
      out += fmt::format("<td>{}</td><td>{}</td>", Percent(mode.top1, c.labelled),
                         Percent(mode.top5, c.labelled));
    }
    out += fmt::format("<td>{} µs</td></tr>\n", Pretty(mode.mean_us));
  }
  return out + "</table></section>\n";
}

// Which classes a pair of modes takes for each other's.
std::string Confusion(const OutputDifference& d) {
  constexpr size_t kMost = 20;
  std::string out = fmt::format(
      "<details><summary>Other classes, {0} and {1}</summary><table><tr><th>class in {0}</th>"
      "<th>class in {1}</th><th>samples</th></tr>\n",
      EscapeHtml(d.a), EscapeHtml(d.b));
  for (size_t i = 0; i < std::min(kMost, d.confusion.size()); ++i) {
    const ClassPair& pair = d.confusion[i];
    out +=
        fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n", pair.a, pair.b, pair.samples);
  }
  out += "</table>";
  if (d.confusion.size() > kMost) {
    out += fmt::format("<p class='soft'>and {} more pairs</p>", d.confusion.size() - kMost);
  }
  return out + "</details>\n";
}

std::string Outputs(const Comparison& c) {
  std::string out =
      "<section><h2>Outputs</h2><table><tr><th>pair</th>"
      "<th>same top-1</th><th>equal samples</th><th>SQNR</th><th>mean error</th>"
      "<th>worst error</th><th>in sample</th></tr>\n";
  for (const OutputDifference& d : c.outputs) {
    out += fmt::format(
        "<tr><td>{} and {}</td><td>{}</td><td>{}</td><td>{} dB</td><td>{}</td><td>{}</td>"
        "<td>{}</td></tr>\n",
        EscapeHtml(d.a), EscapeHtml(d.b),
        c.is_classifier ? Percent(d.same_top1, c.samples) : std::string("–"),
        Percent(d.equal_samples, c.samples), Pretty(d.sqnr_db), Pretty(d.mean_error),
        Pretty(d.worst_error),
        d.worst_sample < 0 ? std::string("–") : std::to_string(d.worst_sample));
  }
  out += "</table>";
  for (const OutputDifference& d : c.outputs) {
    if (!d.confusion.empty()) out += Confusion(d);
  }
  return out + "</section>\n";
}

std::string LayerTable(const LayerComparison& comparison) {
  std::string out = fmt::format(
      "<details><summary>Figures, {}</summary><table><tr><th>node</th><th>operator</th>"
      "<th>SQNR</th><th>mean steps</th><th>worst steps</th><th>mean error</th><th>worst error</th>"
      "<th>saturated</th><th>range of {}</th><th>range of {}</th></tr>\n",
      comparison.same_input ? "same input" : "free-running", EscapeHtml(comparison.a),
      EscapeHtml(comparison.b));
  for (const LayerDifference& d : comparison.layers) {
    out += fmt::format(
        "<tr><td>{}</td><td class='text'>{}</td><td>{} dB</td><td>{}</td><td>{}</td><td>{}</td>"
        "<td>{}</td><td>{} %</td><td>{} … {}</td><td>{} … {}</td></tr>\n",
        EscapeHtml(d.node), EscapeHtml(d.op), Pretty(d.sqnr_db), Pretty(d.mean_steps),
        Pretty(d.worst_steps), Pretty(d.mean_error), Pretty(d.worst_error),
        Pretty(100 * d.saturation), Pretty(d.a_min), Pretty(d.a_max), Pretty(d.b_min),
        Pretty(d.b_max));
  }
  return out + "</table></details>\n";
}

// The three layers that lose most by themselves.
std::string Weakest(const LayerComparison& comparison) {
  std::vector<const LayerDifference*> layers;
  for (const LayerDifference& layer : comparison.layers) {
    if (std::isfinite(layer.sqnr_db)) layers.push_back(&layer);
  }
  if (layers.empty()) return "<p>All layers are equal.</p>";
  std::stable_sort(layers.begin(), layers.end(),
                   [](const auto* x, const auto* y) { return x->sqnr_db < y->sqnr_db; });
  if (layers.size() > 3) layers.resize(3);
  std::string out = "<p>Lowest SQNR: ";
  for (size_t i = 0; i < layers.size(); ++i) {
    out += fmt::format("{}<b>{}</b> {} dB", i == 0 ? "" : ", ", EscapeHtml(layers[i]->node),
                       Pretty(layers[i]->sqnr_db));
  }
  return out + (comparison.same_input ? ", each fed the same input.</p>" : ", running freely.</p>");
}

std::string Layers(const Comparison& c) {
  std::string out;
  for (const LayerComparison& free : c.layers) {
    if (free.same_input) continue;
    const auto same = std::find_if(c.layers.begin(), c.layers.end(), [&](const auto& other) {
      return other.same_input && other.a == free.a && other.b == free.b;
    });
    const LayerComparison* own = same == c.layers.end() ? nullptr : &*same;
    out += fmt::format("<section><h2>Layers: {} and {}</h2>\n", EscapeHtml(free.a),
                       EscapeHtml(free.b));
    out += "<p class='soft'><span class='key free'></span>free-running";
    if (own != nullptr) out += "<span class='key same'></span>same input";
    out += fmt::format("<span class='key saturated'></span>saturated values of {}</p>\n",
                       EscapeHtml(free.b));
    if (free.layers.empty()) {
      out += "<p>No layer of either network was found in the other by name.</p></section>\n";
      continue;
    }
    out += Weakest(own == nullptr ? free : *own) + LayerChart(free, own) + RangeCharts(free) +
           LayerTable(free);
    if (own != nullptr) out += LayerTable(*own);
    out += "</section>\n";
  }
  return out;
}

std::string Sensitivity(const Comparison& c) {
  std::string out = fmt::format(
      "<section><h2>Sensitivity</h2>\n<p class='soft'>Each layer quantized alone, all others in "
      "float ({} samples): what that changes at the network's outputs. The most sensitive layer "
      "comes first.</p>\n<table><tr><th>node</th><th>operator</th><th>SQNR of the outputs</th>{}"
      "<th>share of the noise</th><th></th></tr>\n",
      c.sensitivity_samples, c.is_classifier ? "<th>same top-1</th>" : "");
  constexpr double kFullBar = 200;  // pixels
  for (const LayerSensitivity& layer : c.sensitivity) {
    out += fmt::format("<tr><td>{}</td><td class='text'>{}</td><td>{} dB</td>",
                       EscapeHtml(layer.node), EscapeHtml(layer.op), Pretty(layer.sqnr_db));
    if (c.is_classifier) {
      out += fmt::format("<td>{}</td>", Percent(layer.same_top1, c.sensitivity_samples));
    }
    out += fmt::format(
        "<td>{} %</td><td class='text'><span class='key same' style='width:{:.1f}px'></span></td>"
        "</tr>\n",
        Pretty(100 * layer.noise_share), kFullBar * layer.noise_share);
  }
  return out + "</table></section>\n";
}

}  // namespace

std::string RenderHtml(const Comparison& c) {
  const std::string name = EscapeHtml(c.network.empty() ? "network" : c.network);
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'>\n"
      "<meta name='viewport' content='width=device-width, initial-scale=1'>\n"
      "<title>{0}: modes compared</title>\n<style>{1}</style></head>\n<body><main>\n<h1>{0}</h1>\n"
      "<p class='soft'>Modes compared by Integra over {2} samples, {3} of them labelled; figures "
      "per layer from {4} samples.</p>\n",
      name, kStyle, c.samples, c.labelled, c.layer_samples);
  out += Modes(c);
  if (!c.outputs.empty()) out += Outputs(c);
  if (!c.sensitivity.empty()) out += Sensitivity(c);
  out += Layers(c);
  out +=
      "<section><h2>Reading this</h2><p><b>SQNR</b> is 10 log10(Σa² / Σ(a − b)²): 6 dB more is one "
      "bit more; ∞ means that all values are equal. A <b>step</b> is the scale of the layer's "
      "output tensor. <b>Free-running</b> figures hold what earlier layers did; with the <b>same "
      "input</b> a layer shows its own fault only. <b>Saturated</b> values lie at an end of the "
      "integer range that is not an end of the layer's own function.</p></section>\n";
  return out + "</main></body></html>\n";
}

}  // namespace integra
