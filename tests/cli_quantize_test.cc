// The verb `quantize` as a user sees it: from the float digits network to integers that classify,
// and what it says of input that is bad or odd.
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "graph/network_file.h"
#include "integra/network.hpp"
#include "io/npy.h"
#include "tests/support/pictures.h"
#include "tests/support/program.h"
#include "tests/support/quantizer_networks.h"
#include "tests/support/temporary_folder.h"

namespace integra::test {
namespace {

using Strings = std::vector<std::string>;

const std::filesystem::path kDigits = std::filesystem::path(INTEGRA_SOURCE_DIR) / "models/digits";

bool Holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// A float network and samples for it ([n, 6, 6, 2]), in a folder of their own.
class Workplace {
 public:
  Workplace() {
    graph::SaveNetwork(SmallNetwork().Done().graph(), folder / "float");
    WriteSamples("x.npy", {20, 6, 6, 2}, [](size_t i) { return std::sin(static_cast<float>(i)); });
  }

  std::string file(const std::string& name) const { return folder / name; }

  template <typename F>
  void WriteSamples(const std::string& name, const Shape& shape, const F& value) const {
    std::vector<float> values(static_cast<size_t>(ElementCount(shape)));
    for (size_t i = 0; i < values.size(); ++i) values[i] = value(i);
    io::WriteNpy(folder / name, DataType::kFloat32, shape, std::as_bytes(std::span(values)));
  }

  // Saves the small network with one constant changed.
  void WriteChanged(const std::string& name, const char* constant,
                    const std::function<void(std::vector<float>&)>& change) const {
    graph::Graph graph = SmallNetwork().Done().graph();
    graph::Tensor& tensor = graph.tensor(graph.Find(constant).value());
    const auto* old = tensor.data.as<float>();
    std::vector<float> values(old, old + tensor.data.size() / sizeof(float));
    change(values);
    tensor.data = SharedBytes::Own(std::move(values));
    graph::SaveNetwork(graph, folder / name);
  }

  ProgramResult Quantize(const std::string& network, const std::string& samples,
                         const Strings& more = {}) const {
    Strings arguments = {"quantize",  file(network),   "-o",
                         file("out"), "--calibration", file(samples)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunProgram(arguments);
  }

  TemporaryFolder folder;
};

TEST_CASE("cli quantize: digits from float to integers that classify as well") {
  const TemporaryFolder folder;
  const std::string out = folder / "int8", report = folder / "ranges.json";
  const ProgramResult result =
      RunProgram({"quantize", kDigits / "float", "-o", out, "--calibration",
                  kDigits / "calibration.npy", "--report", report, "--threads", "2"});
  CAPTURE(result.err);
  REQUIRE(result.code == 0);
  CHECK(result.out.starts_with(out + ": 10 nodes, calibrated on 200 samples\n"));
  CHECK(Holds(result.out, " times float inference over the samples: reading samples "));
  const Network network = Network::Load(out);
  CHECK(network.graph().metadata.at("calibration_samples") == "200");
  CHECK(Holds(network.graph().metadata.at("quantization_recipe"), "\"range\": \"mse\""));
  const auto json = nlohmann::json::parse(ReadText(report));
  CHECK(json["samples"] == 200);
  CHECK(json["activations"].size() == 11);
  for (const auto& one : json["activations"]) {
    const auto& tensor =
        network.graph().tensor(network.graph().Find(one["tensor"].get<std::string>()).value());
    CHECK(one["scale"].get<float>() == tensor.quantization.scale.at(0));
  }
  CHECK(RunProgram({"verify", out}).code == 0);  // integers only
  const ProgramResult compared = RunProgram(
      {"compare", out, "--float", kDigits / "float", "--data", kDigits / "test_images.npy",
       "--labels", kDigits / "test_labels.npy", "--max-drop", "0.3", "--min-agreement", "99.5"});
  CAPTURE(compared.err);
  CHECK(compared.code == 0);
}

TEST_CASE("cli quantize: dynamic ranges, which a dump of tensors tells") {
  const TemporaryFolder folder;
  folder.Write("recipe.json", R"({"activations": {"range": "dynamic"}})");
  const std::string out = folder / "int8";
  const ProgramResult result =
      RunProgram({"quantize", kDigits / "float", "-o", out, "--calibration",
                  kDigits / "calibration.npy", "--recipe", folder / "recipe.json"});
  REQUIRE(result.code == 0);
  CHECK(Holds(result.err, "note: tensor 'classify' has a static range"));
  CHECK(RunProgram({"verify", out}).code == 0);
  const ProgramResult compared = RunProgram(
      {"compare", out, "--float", kDigits / "float", "--data", kDigits / "test_images.npy",
       "--labels", kDigits / "test_labels.npy", "--max-drop", "0.3", "--min-agreement", "99.5"});
  CAPTURE(compared.err);
  CHECK(compared.code == 0);

  // A picture without ink has no large values.
  io::WriteNpy(folder / "x.npy", DataType::kUInt8, {1, 8, 8, 1}, std::vector<std::byte>(64));
  const graph::Graph graph = Network::Load(out).graph();
  for (const char* mode : {"integer", "simulated"}) {
    CAPTURE(mode);
    const ProgramResult run =
        RunProgram({"run", out, "--mode", mode, "--input", folder / "x.npy", "--output",
                    folder / "y.npy", "--dump-tensors", folder / mode});
    CAPTURE(run.err);
    REQUIRE(run.code == 0);
    for (const auto& tensor :
         nlohmann::json::parse(ReadText(std::string(folder / mode) + "/tensors.json"))) {
      const auto id = graph.Find(tensor["name"].get<std::string>()).value();
      const Quantization& nominal = graph.tensor(id).quantization;
      CAPTURE(tensor["name"]);
      const float scale = tensor["scale"][0].get<float>();
      CHECK((nominal.dynamic ? scale < nominal.scale[0] : scale == nominal.scale[0]));
    }
  }
}

TEST_CASE("cli quantize: recipes, fewer bits, JSON") {
  const Workplace place;
  place.folder.Write("recipe.json", R"({"weights": {"granularity": "per_tensor"}, "equalize": true,
      "activations": {"dtype": "int8", "range": "minmax"}})");
  const ProgramResult result = place.Quantize(
      "float", "x.npy", {"--recipe", place.file("recipe.json"), "--limit", "7", "--json"});
  CAPTURE(result.err);
  REQUIRE(result.code == 0);
  const auto json = nlohmann::json::parse(result.out);
  CHECK(json["samples"] == 7);
  CHECK(json["notes"] == nlohmann::json({"equalized 1 pairs of layers"}));
  const Network network = Network::Load(place.file("out"));
  CHECK(network.inputs()[0].dtype == DataType::kInt8);
  const ProgramResult bits = place.Quantize("float", "x.npy", {"--average-bits", "4"});
  CHECK(bits.code == 0);
  CHECK(Holds(bits.out, "SQNR at 8 bits"));
}

TEST_CASE("cli quantize: bad input has an exit code and a message with its place") {
  const Workplace place;
  place.folder.Write("unknown.json", R"({"wieghts": {}})");
  place.folder.Write("value.json", "{\n\"weights\": {\"bits\": 9}}");
  place.folder.Write("node.json", R"({"nodes": {"conv7": {}}})");
  place.WriteSamples("none.npy", {0, 6, 6, 2}, [](size_t) { return 0.0f; });
  place.WriteSamples("shape.npy", {3, 6, 5, 2}, [](size_t) { return 0.0f; });
  const auto poison = [](float bad) {
    return [bad](size_t i) { return i == 2 * 72 + 5 ? bad : 0.5f; };
  };
  place.WriteSamples("nan.npy", {4, 6, 6, 2}, poison(NAN));
  place.WriteSamples("inf.npy", {4, 6, 6, 2}, poison(INFINITY));
  std::filesystem::create_directory(place.folder / "empty");
  std::filesystem::create_directory(place.folder / "pictures");
  place.folder.Write("pictures/fine.png", TestPictures()[0].file);
  place.folder.Write("pictures/not.png", "no picture");
  place.WriteChanged("nan", "conv/w", [](auto& w) { w[7] = NAN; });
  place.WriteChanged("inf", "dense/b", [](auto& b) { b[1] = INFINITY; });
  Builder rgb;
  const auto image = rgb.Input({1, 4, 4, 3});
  rgb.Apply("conv", graph::OpType::kConv2d,
            {image, rgb.Constant("w", {2, 1, 1, 3}, rgb.Random(6, 1))}, {1, 4, 4, 2});
  graph::SaveNetwork(rgb.Done().graph(), place.folder / "rgb");
  struct Case {
    const char *network, *samples;
    Strings more;
    int code;
    std::string message;
  };
  const std::vector<Case> cases = {
      {"float", "none.npy", {}, 2, "none.npy has shape [0, 6, 6, 2]"},
      {"float", "shape.npy", {}, 2, "input 'image' is float32 [1, 6, 6, 2]"},
      {"float", "missing.npy", {}, 3, "missing.npy"},
      {"float", "nan.npy", {}, 3, "calibration sample nan[2]: tensor 'image'"},
      {"float", "inf.npy", {}, 3, "calibration sample inf[2]: tensor 'image'"},
      {"rgb", "empty", {"--preprocess", "unit"}, 2, "no .jpg, .jpeg or .png"},
      {"rgb", "pictures", {"--preprocess", "unit"}, 3, "not.png"},
      {"rgb", "pictures", {}, 2, "--preprocess"},
      {"nan", "x.npy", {}, 3, "the values of tensor 'conv/w' are not all finite"},
      {"inf", "x.npy", {}, 3, "the values of tensor 'dense/b' are not all finite"},
      {"float", "x.npy", {"--recipe", place.file("unknown.json")}, 3, "did you mean 'weights'?"},
      {"float", "x.npy", {"--recipe", place.file("value.json")}, 3, "value.json:2"},
      {"float", "x.npy", {"--recipe", place.file("node.json")}, 2, "'conv7'"},
      {"float", "x.npy", {"--recipe", place.file("missing.json")}, 3, "missing.json"},
      {"float", "x.npy", {"--average-bits", "1"}, 2, "--average-bits"},
      {"float", "x.npy", {"--threads", "0"}, 2, "--threads"},
      {"float", "x.npy", {"--checkpoint", place.file("none/state")}, 5, "none/state"},
      {"missing", "x.npy", {}, 3, "missing"},
  };
  for (const Case& wrong : cases) {
    const ProgramResult result = place.Quantize(wrong.network, wrong.samples, wrong.more);
    CAPTURE(wrong.network);
    CAPTURE(wrong.samples);
    CAPTURE(result.err);
    CHECK(result.code == wrong.code);
    CHECK(result.err.starts_with("integra: error: "));
    CHECK(Holds(result.err, wrong.message));
    CHECK(!std::filesystem::exists(place.folder / "out"));
  }
  REQUIRE(place.Quantize("float", "x.npy").code == 0);
  std::filesystem::rename(place.folder / "out", place.folder / "done");
  const ProgramResult twice = place.Quantize("done", "x.npy");
  CHECK(twice.code == 2);
  CHECK(Holds(twice.err, "is quantized already"));
}

TEST_CASE("cli quantize: constant tensors and dead channels work, with a note") {
  const Workplace place;
  place.WriteSamples("zero.npy", {4, 6, 6, 2}, [](size_t) { return 0.0f; });
  place.WriteSamples("constant.npy", {4, 6, 6, 2}, [](size_t) { return 0.25f; });
  place.WriteChanged("dead", "conv/w", [](auto& w) { std::fill_n(w.begin(), 18, 0.0f); });
  place.WriteChanged("all dead", "conv/w", [](auto& w) { std::fill(w.begin(), w.end(), 0.0f); });
  place.WriteChanged("large bias", "conv/b", [](auto& b) { b[3] = 1e9f; });
  const ProgramResult zero = place.Quantize("float", "zero.npy");
  CHECK(zero.code == 0);
  CHECK(Holds(zero.err, "note: tensor 'image' is 0 in every calibration sample: scale 1"));
  CHECK(place.Quantize("float", "constant.npy").code == 0);
  const ProgramResult bias = place.Quantize("large bias", "x.npy");
  CHECK(bias.code == 0);
  CHECK(Holds(bias.err, "a bias too large for their weights' scale"));
  for (const char* network : {"dead", "all dead"}) {
    const ProgramResult dead = place.Quantize(network, "x.npy");
    CAPTURE(network);
    CAPTURE(dead.err);
    CHECK(dead.code == 0);
    const ProgramResult compared =
        RunProgram({"compare", place.file("out"), "--data", place.file("x.npy"), "--modes",
                    "float,integer", "--min-sqnr", "25"});
    CAPTURE(compared.out);
    CHECK(compared.code == 0);
  }
}

TEST_CASE("cli quantize: a checkpoint is gone once the network is there") {
  const Workplace place;
  place.folder.Write("recipe.json", R"({"equalize": true})");
  const std::string state = place.file("state");
  const ProgramResult failed =
      place.Quantize("float", "x.npy",
                     {"--checkpoint", state, "--recipe", place.file("recipe.json"), "-o",
                      place.file("x.npy/out")});
  CHECK(failed.code != 0);
  const ProgramResult result = place.Quantize(
      "float", "x.npy", {"--checkpoint", state, "--recipe", place.file("recipe.json")});
  CHECK(result.code == 0);
  CHECK(!std::filesystem::exists(state));
  CHECK(!std::filesystem::exists(state + ".peaks"));
}

}  // namespace
}  // namespace integra::test
