#include "analysis/layer_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace integra::analysis {
namespace {

constexpr int kRow = 22;   // pixels per layer
constexpr int kHead = 44;  // titles and axis labels above the rows
constexpr int kWidth = 1080;
constexpr int kNameEnd = 270;  // names end here, aligned to the right
constexpr size_t kNameLength = 40;

// A column of bars: where it stands and which value fills it.
struct Column {
  const char* title;
  int left, width;
  double full;
  bool logarithmic;
  const char* unit;

  double Pixels(double value) const {
    if (std::isnan(value) || value <= 0) return 0;
    if (std::isinf(value) || value >= full) return width;
    return logarithmic ? width * std::log1p(value) / std::log1p(full) : width * value / full;
  }
};

// The end of a long name says more than its beginning. Cut between characters of UTF-8.
std::string Shortened(const std::string& name) {
  if (name.size() <= kNameLength) return name;
  size_t from = name.size() - kNameLength;
  while (from < name.size() && (name[from] & 0xC0) == 0x80) ++from;
  return "…" + name.substr(from);
}

std::string Bar(const Column& column, double value, int y, int height, const char* style) {
  return fmt::format(
      "<rect class='{}' x='{}' y='{}' width='{:.1f}' height='{}' rx='1.5'/>"
      "<text class='value' x='{:.1f}' y='{}'>{}</text>",
      style, column.left, y, column.Pixels(value), height, column.left + column.Pixels(value) + 4,
      y + height - (height > 8 ? 2 : 0), Pretty(value));
}

std::string Heading(const Column& column, int bottom) {
  std::string out =
      fmt::format("<text class='title' x='{}' y='16'>{}</text>", column.left, column.title);
  for (const double share : {0.0, 0.5, 1.0}) {
    const double x = column.left + column.width * share;
    const double value =
        column.logarithmic ? std::expm1(std::log1p(column.full) * share) : column.full * share;
    out += fmt::format(
        "<line class='grid' x1='{0:.1f}' x2='{0:.1f}' y1='38' y2='{1}'/>"
        "<text class='tick' x='{0:.1f}' y='33'>{2}{3}</text>",
        x, bottom, Pretty(value), column.unit);
  }
  return out;
}

double Largest(const LayerComparison& a, const LayerComparison* b, double floor,
               double LayerDifference::*field) {
  double largest = floor;
  for (const LayerComparison* c : {&a, b}) {
    if (c == nullptr) continue;
    for (const LayerDifference& layer : c->layers) {
      const double value = layer.*field;
      if (std::isfinite(value)) largest = std::max(largest, value);
    }
  }
  return largest;
}

std::string Tooltip(const LayerDifference& free, const LayerDifference* same) {
  std::string text = fmt::format("{} ({})\ntensor {}\n", free.node, free.op, free.tensor);
  const auto line = [&](const char* kind, const LayerDifference& d) {
    text += fmt::format("{}: {} dB, mean {} and worst {} steps, {} % saturated\n", kind,
                        Pretty(d.sqnr_db), Pretty(d.mean_steps), Pretty(d.worst_steps),
                        Pretty(100 * d.saturation));
  };
  line("free", free);
  if (same != nullptr) line("same input", *same);
  return "<title>" + EscapeHtml(text) + "</title>";
}

}  // namespace

std::string EscapeHtml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        // Control characters are no valid content.
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' ? ' ' : c;
    }
  }
  return out;
}

std::string Pretty(double value) {
  if (std::isnan(value)) return "–";
  if (std::isinf(value)) return value > 0 ? "∞" : "−∞";
  if (std::abs(value) >= 1000) return fmt::format("{:.0f}", value);
  return fmt::format("{:.3g}", value);
}

std::string LayerChart(const LayerComparison& free, const LayerComparison* same) {
  std::map<std::string, const LayerDifference*> same_of;  // by output tensor
  if (same != nullptr) {
    for (const LayerDifference& layer : same->layers) same_of[layer.tensor] = &layer;
  }
  const double decibels = Largest(free, same, 20, &LayerDifference::sqnr_db);
  const double steps = Largest(free, same, 1, &LayerDifference::worst_steps);
  const double saturated = Largest(free, same, 0.01, &LayerDifference::saturation);
  const Column sqnr = {"SQNR", 350, 330, std::ceil(decibels / 20) * 20, false, " dB"};
  const Column worst = {"worst difference, steps", 740, 150, steps, true, ""};
  const Column saturation = {"saturated", 945, 85, 100 * saturated, false, " %"};

  const int bottom = kHead + kRow * static_cast<int>(free.layers.size());
  std::string out = fmt::format(
      "<svg class='layers' viewBox='0 0 {} {}' role='img' aria-label='Layers: {} and {}'>", kWidth,
      bottom + 4, free.a, free.b);
  for (const Column* column : {&sqnr, &worst, &saturation}) out += Heading(*column, bottom);
  int y = kHead;
  for (const LayerDifference& layer : free.layers) {
    const auto found = same_of.find(layer.tensor);
    const LayerDifference* own = found == same_of.end() ? nullptr : found->second;
    const int height = own == nullptr ? 14 : 8;
    out += "\n<g class='row'>" + Tooltip(layer, own);
    out += fmt::format("<rect class='back' x='0' y='{}' width='{}' height='{}'/>", y, kWidth, kRow);
    out += fmt::format(
        "<text class='name' x='{}' y='{}'>{}</text><text class='op' x='{}' y='{}'>{}</text>",
        kNameEnd, y + 15, EscapeHtml(Shortened(layer.node)), kNameEnd + 6, y + 15,
        EscapeHtml(layer.op.substr(0, 12)));
    out += Bar(sqnr, layer.sqnr_db, y + 3, height, "free");
    out += Bar(worst, layer.worst_steps, y + 3, height, "free");
    if (own != nullptr) {
      out += Bar(sqnr, own->sqnr_db, y + 12, height, "same");
      out += Bar(worst, own->worst_steps, y + 12, height, "same");
    }
    out += Bar(saturation, 100 * layer.saturation, y + 3, 14, "saturated") + "</g>";
    y += kRow;
  }
  return out + "\n</svg>\n";
}

}  // namespace integra::analysis
