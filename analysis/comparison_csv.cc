// A comparison's figures per layer as CSV (RFC 4180).
#include <fmt/format.h>

#include <algorithm>

#include "integra/compare.hpp"

namespace integra {
namespace {

std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

}  // namespace

std::string Comparison::ToCsv() const {
  std::string out =
      "a,b,same_input,node,op,tensor,sqnr_db,mean_error,worst_error,mean_steps,worst_steps,"
      "saturation,a_min,a_max,b_min,b_max,range_low,range_high,range_use,"
      "alone_sqnr_db,alone_noise_share\r\n";
  for (const LayerComparison& pair : layers) {
    for (const LayerDifference& d : pair.layers) {
      out += fmt::format("{},{},{},{},{},{}", pair.a, pair.b, pair.same_input ? 1 : 0,
                         Quoted(d.node), Quoted(d.op), Quoted(d.tensor));
      for (const double value :
           {d.sqnr_db, d.mean_error, d.worst_error, d.mean_steps, d.worst_steps, d.saturation,
            d.a_min, d.a_max, d.b_min, d.b_max, d.range_low, d.range_high, d.range_use}) {
        out += fmt::format(",{}", value);
      }
      const auto alone = std::ranges::find(sensitivity, d.node, &LayerSensitivity::node);
      out += alone == sensitivity.end()
                 ? ",,\r\n"
                 : fmt::format(",{},{}\r\n", alone->sqnr_db, alone->noise_share);
    }
  }
  return out;
}

}  // namespace integra
