#include <cmath>
#include <nlohmann/json.hpp>

#include "integra/compare.hpp"

namespace integra {
namespace {

using Json = nlohmann::ordered_json;

// JSON has no infinity: null.
Json Number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json ToJson(const ModeResult& mode) {
  return {{"mode", mode.mode},
          {"top1", mode.top1},
          {"top5", mode.top5},
          {"mean_us", Number(mode.mean_us)}};
}

Json ToJson(const OutputDifference& d) {
  Json confusion = Json::array();
  for (const ClassPair& pair : d.confusion) {
    confusion.push_back({{"a", pair.a}, {"b", pair.b}, {"samples", pair.samples}});
  }
  return {{"a", d.a},
          {"b", d.b},
          {"same_top1", d.same_top1},
          {"equal_samples", d.equal_samples},
          {"mean_error", Number(d.mean_error)},
          {"worst_error", Number(d.worst_error)},
          {"worst_sample", d.worst_sample},
          {"sqnr_db", Number(d.sqnr_db)},
          {"confusion", std::move(confusion)}};
}

Json ToJson(const LayerDifference& d) {
  return {{"node", d.node},
          {"op", d.op},
          {"tensor", d.tensor},
          {"sqnr_db", Number(d.sqnr_db)},
          {"mean_error", Number(d.mean_error)},
          {"worst_error", Number(d.worst_error)},
          {"mean_steps", Number(d.mean_steps)},
          {"worst_steps", Number(d.worst_steps)},
          {"saturation", Number(d.saturation)},
          {"a_range", {Number(d.a_min), Number(d.a_max)}},
          {"b_range", {Number(d.b_min), Number(d.b_max)}},
          {"represented", {Number(d.range_low), Number(d.range_high)}},
          {"range_use", Number(d.range_use)},
          {"histogram", d.histogram}};
}

Json ToJson(const LayerComparison& c) {
  Json layers = Json::array();
  for (const LayerDifference& layer : c.layers) layers.push_back(ToJson(layer));
  return {{"a", c.a}, {"b", c.b}, {"same_input", c.same_input}, {"layers", std::move(layers)}};
}

Json ToJson(const LayerSensitivity& layer) {
  return {{"node", layer.node},
          {"op", layer.op},
          {"sqnr_db", Number(layer.sqnr_db)},
          {"noise_share", Number(layer.noise_share)},
          {"same_top1", layer.same_top1}};
}

template <typename T>
Json Array(const std::vector<T>& values) {
  Json array = Json::array();
  for (const T& value : values) array.push_back(ToJson(value));
  return array;
}

}  // namespace

std::string Comparison::ToJson() const {
  const Json json = {{"network", network},
                     {"samples", samples},
                     {"labelled", labelled},
                     {"is_classifier", is_classifier},
                     {"modes", Array(modes)},
                     {"outputs", Array(outputs)},
                     {"layer_samples", layer_samples},
                     {"layers", Array(layers)},
                     {"sensitivity_samples", sensitivity_samples},
                     {"sensitivity", Array(sensitivity)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace integra
