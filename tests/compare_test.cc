// Reports of comparisons: against a float original, as JSON, as a page.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>

#include "graph/schema.h"
#include "integra/compare.hpp"
#include "tests/support/networks.h"

namespace integra::test {
namespace {

// The network's float original: real weights and activations under the same names, but for those
// that `rename` changes.
template <typename Rename>
Network FloatOriginal(const graph::Graph& quantized, const Rename& rename) {
  graph::Graph graph = quantized;
  for (graph::Tensor& tensor : graph.tensors) {
    const auto count = static_cast<size_t>(ElementCount(tensor.shape));
    std::vector<float> values(count);
    if (tensor.float_data.size() > 0) {
      std::copy_n(tensor.float_data.as<float>(), count, values.data());
    } else if (tensor.data.size() > 0) {  // the bias
      for (size_t i = 0; i < count; ++i) {
        values[i] = tensor.quantization.scale[i] * static_cast<float>(tensor.data.as<int32_t>()[i]);
      }
    }
    if (tensor.is_constant()) tensor.data = SharedBytes::Own(std::move(values));
    tensor.float_data = {};
    tensor.dtype = DataType::kFloat32;
    tensor.quantization = {};
    tensor.name = rename(tensor.name);
  }
  for (graph::Node& node : graph.nodes) {
    for (const char* derived : {"multiplier", "shift", "rounding", "clamp"}) {
      node.attributes.erase(derived);
    }
  }
  graph::Validate(graph);
  return Network(std::move(graph));
}

// Real values that fit both networks.
class RealSamples : public DataSource {
 public:
  int64_t size() const override { return 4; }
  void Read(int64_t i, const std::vector<TensorInfo>& inputs,
            std::span<const std::span<std::byte>> buffers) override {
    std::mt19937 random(static_cast<unsigned>(i));
    for (size_t k = 0; k < buffers.size(); ++k) {
      for (int64_t e = 0; e < ElementCount(inputs[k].shape); ++e) {
        const int q = static_cast<int>(random() % 256) - 128;
        if (inputs[k].dtype == DataType::kInt8) {
          reinterpret_cast<int8_t*>(buffers[k].data())[e] = static_cast<int8_t>(q);
        } else {
          reinterpret_cast<float*>(buffers[k].data())[e] = 0.1f * static_cast<float>(q + 1);
        }
      }
    }
  }
  std::optional<int64_t> label(int64_t i) const override { return i; }
};

std::string SameName(const std::string& name) { return name; }

TEST_CASE("compare: the layers of a float original are found by tensor and by node") {
  const graph::Graph graph = ConvolutionNetwork();
  const Network network(graph);
  RealSamples data;
  const auto all_new = [](const std::string& name) { return "new " + name; };
  for (const bool renamed : {false, true}) {
    CAPTURE(renamed);
    CompareOptions options;
    options.float_network =
        renamed ? FloatOriginal(graph, all_new) : FloatOriginal(graph, SameName);
    const Comparison comparison = Compare(network, data, options);
    // Three pairs run freely; only the two modes of one network can be fed the same input.
    REQUIRE(comparison.layers.size() == 4);
    CHECK(std::ranges::count_if(comparison.layers, &LayerComparison::same_input) == 1);
    CHECK(comparison.layers[0].a == "float");
    CHECK(comparison.layers[0].b == "simulated");
    for (const LayerComparison& pair : comparison.layers) {
      REQUIRE(pair.layers.size() == 2);
      CHECK(pair.layers[0].node == "conv");
      CHECK(pair.layers[0].tensor == "features");
      CHECK(pair.layers[1].node == "flatten");
      CHECK(pair.layers[0].sqnr_db > 10);  // ReLU6 of [0, 6] in steps of 0.3
    }
  }
}

TEST_CASE("compare: layers without a counterpart are left out") {
  const graph::Graph graph = ConvolutionNetwork();
  graph::Graph other = graph;
  other.nodes[0].name = "renamed";
  RealSamples data;
  CompareOptions options;
  options.float_network = FloatOriginal(
      other, [](const std::string& name) { return name == "features" ? "renamed" : name; });
  const Comparison comparison = Compare(Network(graph), data, options);
  REQUIRE(comparison.layers[0].layers.size() == 1);
  CHECK(comparison.layers[0].layers[0].node == "flatten");
}

Comparison Made() {
  RealSamples data;
  return Compare(Network(ConvolutionNetwork()), data);
}

TEST_CASE("compare: a value counts as saturated where that happened") {
  graph::Graph graph = ConvolutionNetwork();
  for (const char* tensor : {"features", "result"}) {
    graph.tensor(*graph.Find(tensor)).quantization.scale = {0.01f};  // far too small for [0, 6]
  }
  for (const char* derived : {"multiplier", "shift", "clamp"}) {
    graph.nodes[0].attributes.erase(derived);
  }
  graph::Validate(graph);
  RealSamples data;
  const Comparison comparison = Compare(Network(graph), data);
  for (const LayerComparison& pair : comparison.layers) {
    CHECK(pair.layers[0].saturation > 0.05);
    CHECK(pair.layers[1].saturation == 0);  // a reshape of saturated values
  }
}

TEST_CASE("compare: JSON has every figure") {
  const Comparison comparison = Made();
  const auto json = nlohmann::json::parse(comparison.ToJson());
  CHECK(json["network"] == "convolution");
  CHECK(json["samples"] == 4);
  CHECK(json["labelled"] == 4);
  CHECK(json["modes"].size() == 3);
  CHECK(json["modes"][2]["mode"] == "integer");
  CHECK(json["modes"][2]["top1"] == comparison.modes[2].top1);
  CHECK(json["outputs"][0]["sqnr_db"] == comparison.outputs[0].sqnr_db);
  REQUIRE(json["layers"].size() == 6);
  const auto& layer = json["layers"][0]["layers"][0];
  for (const char* key :
       {"node", "op", "tensor", "sqnr_db", "mean_error", "worst_error", "mean_steps", "worst_steps",
        "saturation", "a_range", "b_range", "represented", "range_use", "histogram"}) {
    CAPTURE(key);
    CHECK(layer.contains(key));
  }
  CHECK(layer["worst_steps"] == comparison.layers[0].layers[0].worst_steps);
}

size_t CountOf(const std::string& text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST_CASE("compare: histograms lie about the range that integers represent") {
  const Comparison comparison = Made();
  for (const LayerComparison& pair : comparison.layers) {
    for (const LayerDifference& layer : pair.layers) {
      CAPTURE(layer.node);
      const double width = layer.range_high - layer.range_low;
      CHECK(width > 0);
      CHECK(layer.range_use == doctest::Approx((layer.b_max - layer.b_min) / width));
      CHECK(layer.histogram.empty() == pair.same_input);
      if (layer.histogram.empty()) continue;
      REQUIRE(layer.histogram.size() == LayerDifference::kHistogramBins);
      // The first and the last bin that hold something are those of the extremes.
      const auto bin = [&](double x) {
        const double at = (x - layer.range_low + width / 4) / (1.5 * width) * 48;
        return static_cast<std::ptrdiff_t>(std::clamp(at, 0.0, 47.0));
      };
      const auto filled = [](int64_t n) { return n > 0; };
      const auto first = std::ranges::find_if(layer.histogram, filled) - layer.histogram.begin();
      const auto last = layer.histogram.rend() -
                        std::find_if(layer.histogram.rbegin(), layer.histogram.rend(), filled) - 1;
      CHECK(first == bin(layer.a_min));
      CHECK(last == bin(layer.a_max));
    }
  }
}

// Every disagreement is in the list, and the list is in order.
TEST_CASE("compare: other classes add up to the samples that disagree") {
  const Comparison comparison = Made();
  for (const OutputDifference& d : comparison.outputs) {
    int64_t different = 0;
    for (const ClassPair& pair : d.confusion) {
      CHECK(pair.a != pair.b);
      different += pair.samples;
    }
    CHECK(different == (comparison.is_classifier ? comparison.samples - d.same_top1 : 0));
    CHECK(std::ranges::is_sorted(d.confusion, std::greater(), &ClassPair::samples));
  }
}

TEST_CASE("compare: CSV has a line for every layer of every pair") {
  Comparison comparison = Made();
  comparison.layers[0].layers[0].node = "a \"b\", c";
  const std::string csv = comparison.ToCsv();
  CHECK(CountOf(csv, "\r\n") == 1 + 6 * 2);
  CHECK(csv.starts_with("a,b,same_input,node,op,tensor,sqnr_db,"));
  CHECK(csv.find("float,simulated,0,\"a \"\"b\"\", c\",\"conv_2d\",") != csv.npos);
  const size_t columns = 21;
  CHECK(CountOf(csv.substr(0, csv.find('\r')), ",") == columns - 1);
  CHECK(CountOf(csv, ",,\r\n") == 6 * 2);  // no sensitivity
  comparison.sensitivity = {{"a \"b\", c", "conv_2d", 12.5, 0.25, 0}};
  CHECK(CountOf(comparison.ToCsv(), ",12.5,0.25\r\n") == 1);
}

TEST_CASE("compare: the sensitivity of layers is reported") {
  Comparison comparison;
  comparison.sensitivity_samples = 4;
  CHECK(RenderHtml(comparison).find("Sensitivity") == std::string::npos);
  comparison.sensitivity = {{"a<b", "conv_2d", 20, 0.8, 3},
                            {"c", "add", std::numeric_limits<double>::infinity(), 0, 4}};
  comparison.is_classifier = true;
  const std::string page = RenderHtml(comparison);
  CHECK(page.find("a&lt;b") != page.npos);
  CHECK(page.find("<td>75.00 %</td><td>80 %</td>") != page.npos);
  CHECK(page.find("inf") == page.npos);
  const auto json = nlohmann::json::parse(comparison.ToJson());
  CHECK(json["sensitivity"][0] == nlohmann::json({{"node", "a<b"},
                                                  {"op", "conv_2d"},
                                                  {"sqnr_db", 20.0},
                                                  {"noise_share", 0.8},
                                                  {"same_top1", 3}}));
  CHECK(json["sensitivity"][1]["sqnr_db"].is_null());
}

TEST_CASE("compare: pairs of classes are reported, the most frequent first") {
  Comparison comparison;
  OutputDifference d{"float", "integer"};
  for (int64_t i = 0; i < 25; ++i) d.confusion.push_back({i, i + 1, 30 - i});
  comparison.outputs.push_back(d);
  const std::string page = RenderHtml(comparison);
  CHECK(page.find("<tr><td>0</td><td>1</td><td>30</td></tr>") != page.npos);
  CHECK(page.find("and 5 more pairs") != page.npos);
  const auto json = nlohmann::json::parse(comparison.ToJson());
  CHECK(json["outputs"][0]["confusion"][0] ==
        nlohmann::json({{"a", 0}, {"b", 1}, {"samples", 30}}));
}

TEST_CASE("compare: the page needs nothing else and draws every layer") {
  const Comparison comparison = Made();
  const std::string page = RenderHtml(comparison);
  CHECK(page.starts_with("<!DOCTYPE html>"));
  for (const char* external : {"http", "<script", "src=", "url(", "@import", "<link"}) {
    CAPTURE(external);
    CHECK(page.find(external) == page.npos);
  }
  CHECK(CountOf(page, "<svg class='layers'") == 3);  // one per pair
  CHECK(CountOf(page, "<figure>") == 3 * 2);         // histograms of both layers
  CHECK(CountOf(page, "<g class='row'>") == 3 * 2);
  for (const char* tag : {"section", "table", "tr", "td", "svg", "g", "text", "details", "title",
                          "figure", "figcaption", "div"}) {
    CAPTURE(tag);
    const std::string name = tag;
    CHECK(CountOf(page, "<" + name + ">") + CountOf(page, "<" + name + " ") ==
          CountOf(page, "</" + name + ">"));
  }
  CHECK(page.find("nan") == page.npos);
  CHECK(page.find("inf") == page.npos);
}

TEST_CASE("compare: the page shows names from files as text") {
  Comparison comparison = Made();
  const std::string hostile = "<script>alert('1')</script>&\"\x1B";
  comparison.network = hostile;
  for (LayerComparison& pair : comparison.layers) {
    for (LayerDifference& layer : pair.layers) layer.node = layer.op = layer.tensor = hostile;
  }
  const std::string page = RenderHtml(comparison);
  CHECK(page.find("<script") == page.npos);
  CHECK(page.find('\x1B') == page.npos);
  CHECK(page.find("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;") != page.npos);
}

TEST_CASE("compare: the page of a comparison without layers, labels or finite figures") {
  Comparison comparison;
  comparison.modes.push_back({"integer"});
  CHECK(RenderHtml(comparison).find("<svg") == std::string::npos);
  LayerDifference odd;
  odd.node = std::string(200, 'x');
  odd.sqnr_db = -std::numeric_limits<double>::infinity();
  odd.worst_steps = std::numeric_limits<double>::quiet_NaN();
  odd.saturation = 1;
  comparison.layers.push_back({"float", "integer", false, {odd}});
  comparison.layers.push_back({"float", "simulated", false, {}});
  const std::string page = RenderHtml(comparison);
  CHECK(CountOf(page, "<g class='row'>") == 1);
  CHECK(page.find("nan") == page.npos);
  CHECK(page.find("No layer") != page.npos);
}

}  // namespace
}  // namespace integra::test
