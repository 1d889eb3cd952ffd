// The program as a user sees it: every verb, its files, its exit codes and its messages.
#include <doctest/doctest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "graph/network_file.h"
#include "integra/session.hpp"
#include "io/npy.h"
#include "tests/support/golden.h"
#include "tests/support/golden_network.h"
#include "tests/support/networks.h"
#include "tests/support/program.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tflite_model.h"
#include "tests/support/tunable_network.h"

namespace integra::test {
namespace {

using Json = nlohmann::json;
using Strings = std::vector<std::string>;

const Strings kVerbs = {"bench",   "compare",  "import", "info",
                        "inspect", "quantize", "run",    "verify"};

// A network, inputs that fit it and files that are wrong, in a folder of their own.
class Workplace {
 public:
  Workplace() {
    folder.Write("network.json", SmallNetworkText());
    const std::vector<int8_t> samples = {1, -2, 3, -4, 100, -100, 50, 7, 0, 0, 0, 0};
    const auto bytes = std::as_bytes(std::span(samples));
    io::WriteNpy(folder / "x.npy", DataType::kInt8, {3, 2, 2}, bytes);
    io::WriteNpy(folder / "wrong.npy", DataType::kInt8, {3, 4}, bytes);
    folder.Write("x.raw", {reinterpret_cast<const char*>(samples.data()), 4});
    folder.Write("labels.txt", "first\nsecond\n");
    folder.Write("classes.txt", "0\n1\n0\n");
    folder.Write("broken.json", SmallNetworkText().substr(0, 300));
  }

  std::string net() const { return folder.path(); }
  std::string file(const char* name) const { return folder / name; }

  TemporaryFolder folder;
};

// The small network's outputs for the three samples of x.npy, by the library.
std::vector<std::byte> Expected(const Workplace& place) {
  const Network network = Network::Load(place.net());
  Session session(network);
  const io::Array input = io::ReadNpy(place.file("x.npy"));
  std::vector<std::byte> all(6);
  for (size_t i = 0; i < 3; ++i) {
    const std::span<const std::byte> in[] = {input.data.bytes.subspan(4 * i, 4)};
    const std::span<std::byte> out[] = {std::span(all).subspan(2 * i, 2)};
    session.Run(in, out);
  }
  return all;
}

bool Holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("cli: every verb explains itself, with an example and the exit codes") {
  const ProgramResult all = RunProgram({"--help"});
  CHECK(all.code == 0);
  for (const std::string& verb : kVerbs) {
    CAPTURE(verb);
    CHECK(Holds(all.out, "\n  " + verb + " "));
    const ProgramResult help = RunProgram({verb, "--help"});
    CHECK(help.code == 0);
    CHECK(Holds(help.out, "Example:\n  integra " + verb));
    CHECK(Holds(help.out, "Exit codes: 0 done"));
    CHECK(Holds(help.out, "--json"));
    CHECK(help.err == "");
  }
  CHECK(RunProgram({"--version"}).out.starts_with("integra "));
}

TEST_CASE("cli: wrong uses and bad files have an exit code and a message that says what is wrong") {
  const Workplace place;
  const std::string net = place.net(), x = place.file("x.npy");
  struct Case {
    Strings arguments;
    int code;
    std::string message;
  };
  const std::vector<Case> cases = {
      {{}, 2, "integra --help"},
      {{"bnech"}, 2, "unknown verb 'bnech'; did you mean 'bench'?"},
      {{"bench"}, 2, "network is required"},
      {{"bench", net, "--treads", "2"}, 2, "did you mean '--threads'?"},
      {{"bench", net, "--threads", "many"}, 2, "--threads"},
      {{"bench", net, "--threads", "-1"}, 2, "threads is -1"},
      {{"bench", net, "--batch", "-1"}, 2, "batch is -1"},
      {{"bench", net, "--mode", "fast"}, 2, "unknown mode 'fast'"},
      {{"bench", net, "--min-time", "-1"}, 2, "0 to 3600"},
      {{"bench", net, "--max-isa", "mmx"}, 2, "mmx"},
      {{"bench", net, "--gemm", "blas"}, 2, "unknown gemm 'blas'"},
      {{"bench", net, "--mode", "float", "--require-integer"}, 2, "exclude each other"},
      {{"bench", net, "--mode", "float", "--gemm", "own"}, 2, "need --mode integer"},
      {{"bench", net, "--mode", "float", "--tune", "t"}, 2, "--tune needs --mode integer"},
      {{"bench", net, "--gemm", "own", "--tune", "t"}, 2, "no --gemm"},
      {{"bench", net, "--tune", place.file("labels.txt")}, 3, "labels.txt:1: "},
      {{"bench", net, "--tune", place.file("none/t.json")}, 5, "none/t.json"},
      {{"run", net}, 2, "--input is required"},
      {{"run", net, "--input", place.file("wrong.npy")}, 2, "has shape [3, 4]"},
      {{"run", net, "--input", x, "--input", x}, 2, "1 inputs"},
      {{"run", net, "--input", x, "--output", "a.npy", "--output", "b.npy"}, 2, "2 --output files"},
      {{"run", net, "--input", place.file("labels.txt")}, 3, "labels.txt"},
      {{"run", net, "--input", x, "--preprocess", "magic"}, 2, "unknown preprocessing 'magic'"},
      {{"run", net, "--input", x, "--fit", "squeeze"}, 2, "unknown fit 'squeeze'"},
      {{"run", net, "--input", x, "--output", place.file("none/y.npy")}, 5, "none/y.npy"},
      {{"compare", net, "--data", x, "--modes", "float,fast"}, 2, "unknown mode 'fast'"},
      {{"compare", net, "--data", x, "--sensitivity", "--layer-samples", "0"}, 2, "at least 1"},
      {{"compare", net, "--data", x, "--max-drop", "1"}, 2, "needs a classifier and --labels"},
      {{"inspect", place.file("broken.json")}, 3, "broken.json"},
      {{"inspect", place.file("nothing.json")}, 3, "nothing.json"},
      {{"import", place.file("nothing.tflite"), "-o", place.file("o")}, 3, "nothing.tflite"},
      {{"import", net, "-o", place.file("o")}, 4, ".tflite"},
      {{"import", "x.tflite"}, 2, "--output is required"},
      {{"import", "x.tflite", "-o", "y", "--rounding", "up"}, 2, "unknown rounding 'up'"},
  };
  for (const Case& wrong : cases) {
    const ProgramResult result = RunProgram(wrong.arguments);
    std::string line;
    for (const std::string& word : wrong.arguments) line += word + " ";
    CAPTURE(line);
    CAPTURE(result.err);
    CHECK(result.code == wrong.code);
    CHECK(result.err.starts_with("integra: error: "));
    CHECK(Holds(result.err, wrong.message));
    CHECK(result.out == "");
  }
  CHECK_FALSE(std::filesystem::exists(place.file("o")));
}

TEST_CASE("cli: run gives what the library gives") {
  const Workplace place;
  const std::vector<std::byte> expected = Expected(place);
  const std::string y = place.file("y.npy"), raw = place.file("y.raw");
  CHECK(RunProgram({"run", "--input", place.file("x.npy"), place.net(), "--output", y}).code == 0);
  const io::Array output = io::ReadNpy(y);
  CHECK(output.shape == Shape{3, 2});
  CHECK(output.dtype == DataType::kInt8);
  CHECK(std::equal(expected.begin(), expected.end(), output.data.bytes.begin(),
                   output.data.bytes.end()));

  CHECK(RunProgram({"run", place.net(), "--input", place.file("x.raw"), "--output", raw}).code ==
        0);
  CHECK(ReadText(raw) == std::string(reinterpret_cast<const char*>(expected.data()), 2));

  // Every run is the same, whatever computes it.
  for (const Strings& more : std::vector<Strings>{{"--threads", "2"},
                                                  {"--max-isa", "portable"},
                                                  {"--gemm", "reference"},
                                                  {"--tune", place.file("t.json")},
                                                  {"--tune", place.file("t.json")},
                                                  {"--require-integer"}}) {
    Strings arguments = {"run", place.net(), "--input", place.file("x.npy"), "--output", y};
    arguments.insert(arguments.end(), more.begin(), more.end());
    CHECK(RunProgram(arguments).code == 0);
    const io::Array again = io::ReadNpy(y);
    CHECK(std::equal(expected.begin(), expected.end(), again.data.bytes.begin(),
                     again.data.bytes.end()));
  }
}

TEST_CASE("cli: run shows the best classes and dumps tensors") {
  const Workplace place;
  const ProgramResult text = RunProgram({"run", place.net(), "--input", place.file("x.npy"),
                                         "--top-k", "1", "--labels", place.file("labels.txt")});
  CHECK(text.code == 0);
  CHECK(Holds(text.out, "x[2]\n"));
  CHECK((Holds(text.out, "first") || Holds(text.out, "second")));

  const ProgramResult json =
      RunProgram({"run", place.net(), "--input", place.file("x.npy"), "--limit", "2", "--json",
                  "--dump-tensors", place.file("dump")});
  CHECK(json.code == 0);
  CHECK(Json::parse(json.out)["samples"] == 2);
  const Json list = Json::parse(ReadText(place.file("dump/tensors.json")));
  CHECK(list.size() == 3);
  for (const Json& tensor : list) {
    const io::Array array =
        io::ReadNpy(place.folder.path() / "dump" / tensor["file"].get<std::string>());
    CHECK(array.shape == tensor["shape"].get<Shape>());
  }
}

TEST_CASE("cli: bench --us ends with one number; --json, --profile and --trace are complete") {
  const Workplace place;
  for (const char* mode : {"integer", "simulated", "float"}) {
    const ProgramResult us =
        RunProgram({"bench", place.net(), "--us", "--min-time", "0.01", "--mode", mode});
    CHECK(us.code == 0);
    REQUIRE(us.out.ends_with("\n"));
    const std::string lines = us.out.substr(0, us.out.size() - 1);
    const std::string last = lines.substr(lines.rfind('\n') + 1);
    size_t used = 0;
    CHECK(std::stod(last, &used) > 0);
    CHECK(used == last.size());
  }
  const ProgramResult json =
      RunProgram({"bench", place.net(), "--json", "--min-time", "0.01", "--batch", "3", "--profile",
                  "--trace", place.file("trace.json")});
  CHECK(json.code == 0);
  const Json result = Json::parse(json.out);
  CHECK(result["batch"] == 3);
  CHECK(result["nodes"].size() == 2);
  CHECK(result["best_us"].get<double>() <= result["median_us"].get<double>());
  CHECK(Json::parse(ReadText(place.file("trace.json")))["traceEvents"].size() >= 1);
  CHECK(Holds(RunProgram({"bench", place.net(), "--verbose", "--min-time", "0.01"}).out,
              "getting ready: "));
}

TEST_CASE("cli: bench tells which kernels are the fastest") {
  TemporaryFolder folder;
  graph::SaveNetwork(TunableNetwork(), folder.path());
  const std::string net = folder.path(), choices = folder / "choices.json";
  const auto bench = [&](const char* more) {
    return RunProgram({"bench", net, "--min-time", "0.01", "--tune", choices, more}).out;
  };
  CHECK(Holds(bench("--verbose"), "\nexpand + depthwise  "));
  const std::string kept = ReadText(choices);
  const Json json = Json::parse(bench("--json"));
  bool found = false;
  for (const Json& layer : json["tuning"]) {
    CHECK(layer["candidates"].size() > 1);
    found |= layer["nodes"] == Json({"expand", "depthwise"});
  }
  CHECK(found);
  CHECK(ReadText(choices) == kept);
}

TEST_CASE("cli: inspect, info and verify describe a network, as text and as JSON") {
  const Workplace place;
  const ProgramResult text = RunProgram({"inspect", place.net(), "--dot", place.file("net.dot")});
  CHECK(text.code == 0);
  CHECK(Holds(text.out, "fully_connected"));
  CHECK(Holds(text.out, "integer only"));
  CHECK(ReadText(place.file("net.dot")).starts_with("digraph"));
  const Json json = Json::parse(RunProgram({"inspect", place.net(), "--json"}).out);
  CHECK(json["nodes"].size() == 2);
  CHECK(json["inputs"][0]["shape"] == Json({1, 2, 2}));

  CHECK(Holds(RunProgram({"info"}).out, "self-test"));
  const Json info = Json::parse(RunProgram({"info", place.net(), "--json"}).out);
  CHECK(info["nodes"].size() == 2);
  CHECK(info["choices"].size() > 0);
  CHECK(info["kernel_self_tests"][0]["exact"] == true);

  const ProgramResult verified = RunProgram({"verify", place.net()});
  CHECK(verified.code == 0);
  CHECK(Holds(verified.out, "floating-point status after a run on random values: clear"));
  CHECK(Holds(verified.out, "integer only: yes"));
  const Json bounds = Json::parse(RunProgram({"verify", place.net(), "--json"}).out);
  CHECK(bounds["integer_only"] == true);
  CHECK(bounds["float_status_clear"] == true);
  CHECK(bounds["kernels"].size() == 2);
  CHECK(bounds["accumulators"][0]["limit_bits"] == 32);
}

TEST_CASE("cli: compare writes its reports, and exits with 1 where a threshold is missed") {
  const Workplace place;
  const Strings base = {"compare",           place.net(), "--data",
                        place.file("x.npy"), "--labels",  place.file("classes.txt")};
  const auto with = [&](const Strings& more) {
    Strings all = base;
    all.insert(all.end(), more.begin(), more.end());
    return RunProgram(all);
  };
  const ProgramResult text = with({"--json", place.file("c.json"), "--html", place.file("c.html")});
  CHECK(text.code == 0);
  CHECK(Holds(text.out, "3 samples, 3 labelled"));
  CHECK(Json::parse(ReadText(place.file("c.json")))["samples"] == 3);
  CHECK(Holds(ReadText(place.file("c.html")), "<html"));
  CHECK(Json::parse(with({"--json", "-", "--modes", "integer,float"}).out)["modes"].size() == 2);
  CHECK(with({"--min-sqnr", "1000", "--modes", "float,integer"}).code == 1);
  CHECK(with({"--min-agreement", "0", "--max-drop", "100"}).code == 0);

  const ProgramResult ranking = with({"--sensitivity", "--csv", place.file("c.csv")});
  CHECK(ranking.code == 0);
  CHECK(Holds(ranking.out, "each layer quantized alone, all others in float (3 samples)"));
  CHECK_FALSE(Holds(text.out, "quantized alone"));
  CHECK(Holds(ReadText(place.file("c.csv")), "alone_sqnr_db,alone_noise_share"));
  const Json json = Json::parse(with({"--json", "-", "--sensitivity"}).out);
  CHECK(json["sensitivity_samples"] == 3);
  CHECK(json["sensitivity"].size() == 1);  // the other node moves values
}

TEST_CASE("cli: nodes that compute in float run, are named, and are refused on demand") {
  const Workplace place;
  place.folder.Write("float.json", R"({"format": "integra-network", "version": 1, "name": "float",
    "inputs": ["x"], "outputs": ["y"],
    "tensors": {"x": {"dtype": "float32", "shape": [1, 2, 2]}, "y": {"dtype": "float32"}},
    "nodes": [{"name": "flatten", "type": "reshape", "inputs": ["x"], "outputs": ["y"],
               "attributes": {"shape": [1, -1]}}]})");
  const std::string net = place.file("float.json"), x = place.file("x.npy");
  const float values[] = {1, 2, 3, 4};
  io::WriteNpy(place.file("f.npy"), DataType::kFloat32, {1, 2, 2},
               std::as_bytes(std::span(values)));
  CHECK(RunProgram({"run", net, "--input", place.file("f.npy")}).code == 0);
  const ProgramResult refused =
      RunProgram({"run", net, "--input", place.file("f.npy"), "--require-integer"});
  CHECK(refused.code == 4);
  CHECK(Holds(refused.err, "'flatten' (reshape)"));
  CHECK(Holds(RunProgram({"inspect", net}).out, "1 nodes compute in float:\n  'flatten'"));
  CHECK(RunProgram({"verify", net}).code == 1);
}

TEST_CASE("cli: standard output that cannot be written, and readers that go away") {
  const Workplace place;
  const ProgramResult full = RunProgram({"inspect", place.net()}, Out::kFull);
  CHECK(full.code == 5);
  CHECK(Holds(full.err, "standard output"));
  CHECK(RunProgram({"inspect", place.net()}, Out::kClosed).code == 5);
  // The report is not less whole because nobody reads the tables.
  const std::string dot = place.file("net.dot");
  CHECK(RunProgram({"inspect", place.net(), "--dot", dot}, Out::kNoOne).code == 0);
  CHECK(ReadText(dot).ends_with("}\n"));
}

TEST_CASE("cli: a run that fails leaves the old output and no part of a new one") {
  const Workplace place;
  const std::string y = place.folder.Write("y.npy", "old");
  CHECK(RunProgram({"run", place.net(), "--input", place.file("wrong.npy"), "--output", y}).code ==
        2);
  CHECK(
      RunProgram({"run", place.net(), "--input", place.file("x.npy"), "--output", y, "--output", y})
          .code == 2);
  CHECK(ReadText(y) == "old");
  CHECK(RunProgram({"run", place.net(), "--input", place.file("x.npy"), "--output", "/dev/full"})
            .code == 5);
  for (const auto& entry : std::filesystem::directory_iterator(place.folder.path())) {
    CHECK_FALSE(Holds(entry.path().filename(), ".tmp-"));
  }
}

TEST_CASE("cli: import writes a network that runs; the file itself does, too") {
  const Workplace place;
  const Bytes file = Build(ConvolutionModel());
  const std::string model =
      place.folder.Write("c.tflite", {reinterpret_cast<const char*>(file.data()), file.size()});
  const std::string folder = place.file("imported");
  const ProgramResult imported = RunProgram({"import", model, "-o", folder, "--json"});
  CHECK(imported.code == 0);
  CHECK(Json::parse(imported.out)["nodes"] == 1);
  for (const std::string& net : {folder, folder + "/network.json", model}) {
    CHECK(RunProgram({"verify", net}).code == 0);
  }
  place.folder.Write("damaged.tflite",
                     {reinterpret_cast<const char*>(file.data()), file.size() / 2});
  CHECK(RunProgram({"import", place.file("damaged.tflite"), "-o", folder}).code == 3);
  CHECK(RunProgram({"import", model, "-o", place.file("labels.txt")}).code == 5);
}

TEST_CASE("cli: real networks give the reference's bytes") {
  const auto data = GoldenFolder();
  if (!data) return;
  const TemporaryFolder folder;
  for (const char* name : {"ad01_int8", "split_concat"}) {
    CAPTURE(name);
    const GoldenNetwork golden = LoadGolden(*data, name);
    const std::string net = folder / name;
    REQUIRE(RunProgram({"import", golden.model, "-o", net}).code == 0);
    Strings arguments = {"run", net, "--threads", "2"};
    for (size_t i = 0; i < golden.inputs.size(); ++i) {
      arguments.push_back("--input");
      arguments.push_back(*data / "goldens" / name / ("input" + std::to_string(i) + ".npy"));
    }
    for (size_t i = 0; i < golden.outputs.size(); ++i) {
      arguments.push_back("--output");
      arguments.push_back(folder / ("output" + std::to_string(i) + ".npy"));
    }
    REQUIRE(RunProgram(arguments).code == 0);
    for (size_t i = 0; i < golden.outputs.size(); ++i) {
      const Array output = ReadNpy(folder / ("output" + std::to_string(i) + ".npy"));
      CHECK(output.shape == golden.outputs[i].shape);
      CHECK(output.bytes == golden.outputs[i].bytes);
    }
  }
}

}  // namespace
}  // namespace integra::test
