// What LoadNetwork() says to damaged and hostile files. The numbers are groups of a checklist that
// gathers how loaders of other runtimes have failed: 1 damaged files, 3 JSON, 4 dimensions, 5 the
// graph, 7 quantization, 10 the weights file. save_network_test.cc has group 11, writing.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <string>

#include "graph/network_file.h"
#include "tests/support/networks.h"
#include "tests/support/temporary_folder.h"

namespace integra::test {
namespace {

// Loads `text` and checks that it is refused as an invalid file, for the reason given.
void CheckRefused(const std::string& text, std::string_view reason,
                  ErrorCode code = ErrorCode::kInvalidFile) {
  const TemporaryFolder folder;
  const Refusal refusal = TryLoad(folder.Write("net.json", text));
  INFO(refusal.message);
  CAPTURE(reason);
  CHECK(Says(refusal, reason));
  CHECK(Says(refusal, "net.json"));
  CHECK(refusal.code == code);
}

// The small network with one place changed.
void CheckChange(std::string_view from, std::string_view to, std::string_view reason,
                 ErrorCode code = ErrorCode::kInvalidFile) {
  CheckRefused(Replaced(SmallNetworkText(), from, to), reason, code);
}

TEST_CASE("checklist 1: network files that are empty, no network, or of a newer version") {
  CheckRefused("", "is empty");
  CheckRefused(" \n ", "unexpected end of input");
  CheckRefused("{}", "is not an Integra network");
  CheckRefused("[]", "has to be an object");
  CheckRefused(std::string("\0\0\0\0\0\0\0\0", 8), "net.json:1");
  CheckRefused(SmallNetworkText() + "x", "net.json:");
  CheckChange("integra-network", "onnx", "is not an Integra network");
  CheckChange("\"version\": 1", "\"version\": 2", "needs a newer Integra", ErrorCode::kUnsupported);
  CheckChange("\"version\": 1", "\"version\": 0", "does not exist");
  CheckChange("\"version\": 1", "\"version\": \"1\"", "has to be an integer");
  const TemporaryFolder folder;
  CHECK(Says(TryLoad(folder / "absent.json"), "No such file"));
  CHECK(Says(TryLoad(folder.path()), "network.json"));
}

TEST_CASE("checklist 1: network file truncated at every offset") {
  const TemporaryFolder folder;
  const std::string text = SmallNetworkText();
  const size_t end = text.find_last_of('}');
  for (size_t length = 0; length <= end; ++length) {
    const Refusal refusal = TryLoad(folder.Write("net.json", text.substr(0, length)));
    if (refusal.loaded || refusal.code != ErrorCode::kInvalidFile) {
      FAIL("the first ", length, " bytes: ", refusal.message);
    }
  }
}

TEST_CASE("checklist 1: every byte of the network file changed never does worse than an Error") {
  const TemporaryFolder folder;
  const std::string text = SmallNetworkText();
  for (size_t at = 0; at < text.size(); ++at) {
    for (const char change : {'\x01', '\x80', '\x10', '\xFF'}) {
      std::string changed = text;
      changed[at] = static_cast<char>(changed[at] ^ change);
      TryLoad(folder.Write("net.json", changed));  // any other exception fails the test
    }
  }
}

TEST_CASE("checklist 1: every byte of the weights file changed is noticed") {
  const TemporaryFolder folder;
  graph::SaveNetwork(ConvolutionNetwork(), folder.path());
  const std::string weights = ReadText(folder / "weights.safetensors");
  for (size_t at = 0; at < weights.size(); ++at) {
    std::string changed = weights;
    changed[at] = static_cast<char>(changed[at] ^ (1 << at % 8));
    folder.Write("weights.safetensors", changed);
    const Refusal refusal = TryLoad(folder.path());
    if (!Says(refusal, "checksum")) FAIL("byte ", at, ": ", refusal.message);
  }
}

TEST_CASE("checklist 1: a changed weights file without a checksum never does worse than an Error") {
  const TemporaryFolder folder;
  graph::SaveNetwork(ConvolutionNetwork(), folder.path());
  std::string text = ReadText(folder / "network.json");
  const size_t begin = text.find("  \"weights_xxh64\"");
  text.erase(begin, text.find('\n', begin) + 1 - begin);
  folder.Write("network.json", text);
  REQUIRE(TryLoad(folder.path()).loaded);
  const std::string weights = ReadText(folder / "weights.safetensors");
  for (size_t at = 0; at < weights.size(); at += at < 2000 ? 1 : 13) {
    std::string changed = weights;
    changed[at] = static_cast<char>(changed[at] ^ (1 << at % 8));
    folder.Write("weights.safetensors", changed);
    TryLoad(folder.path());
    if (at % 7 == 0) {
      folder.Write("weights.safetensors", weights.substr(0, at));
      if (TryLoad(folder.path()).loaded) FAIL("loads with ", at, " bytes of weights");
    }
  }
}

TEST_CASE("checklist 3: JSON with duplicate keys, bad numbers, depth, bad UTF-8") {
  CheckChange("\"name\": \"small\"", "\"name\": \"a\", \"name\": \"b\"", "duplicate key 'name'");
  CheckChange("\"b\": {\"dtype\"", "\"x\": {\"dtype\"", "duplicate key 'x'");
  CheckChange("\"scale\": 3.0", "\"scale\": NaN", "parse error");
  CheckChange("\"scale\": 3.0", "\"scale\": 1e999", "number overflow");
  CheckChange("\"scale\": 3.0", "\"scale\": 1e39", "scale inf is not");
  CheckChange("[100, -200]", "[100, 99999999999999999999]", "is too large");
  CheckChange("[100, -200]", "[100, 18446744073709551615]", "is too large");
  CheckChange("[100, -200]", "[100, 2147483648]", "is outside of");
  CheckChange("[100, -200]", "[100, 1.5]", "has to be an integer");
  CheckChange("[100, -200]", "[100, \"1\"]", "has to be an integer");
  CheckChange("[100, -200]", "[]", "is empty");
  CheckChange("a test", "a \xFF test", "UTF-8");
  CheckChange("a test", "a \xC0\xAF test", "UTF-8");
  CheckChange("a test", "a \xED\xA0\x80 test", "UTF-8");
  CheckRefused(std::string(100000, '['), "levels of nesting");
  std::string deep = "{\"format\": ";
  for (int i = 0; i < 100000; ++i) deep += "{\"a\":";
  CheckRefused(deep, "levels of nesting");
}

TEST_CASE("checklist 3: unknown fields, types and operators are named, with a suggestion") {
  CheckChange("\"metadata\"", "\"metdata\"", "unknown field 'metdata'; did you mean 'metadata'?");
  CheckChange("\"quantization\": {\"scale\": 3.0", "\"quantisation\": {\"scale\": 3.0",
              "tensor 'y': unknown field 'quantisation'; did you mean 'quantization'?");
  CheckChange("\"scale\": 3.0,", "\"scale\": 3.0, \"zeropoint\": 1,", "'zero_point'?");
  CheckChange("{\"dtype\": \"int32\"", "{\"dtype\": \"int23\"", "did you mean 'int32'?");
  CheckChange("\"fully_connected\"", "\"fully_conected\"", "did you mean 'fully_connected'?",
              ErrorCode::kUnsupported);
  CheckChange("\"activation\"", "\"activations\"",
              "node 'dense' (fully_connected): unknown attribute 'activations'; did you mean "
              "'activation'?");
  CheckChange("\"relu\"", "\"rleu\"", "has to be one of: none, relu");
  CheckChange("\"relu\"", "1", "has to be a text, but is an integer");
  CheckChange("[1, -1]", "4", "has to be a list of integers");
  CheckChange("[1, -1]", "[1, 4.5]", "has to be a list of integers");
  CheckChange("[1, -1]", "null", "is null");
  CheckChange("\"attributes\": {\"shape\": [1, -1]}", "\"attributes\": {}",
              "attribute 'shape' is missing");
}

TEST_CASE("checklist 3: names with NUL and control characters neither end nor steer a message") {
  CheckChange("\"name\": \"dense\"", "\"name\": \"a\\u0000b\", \"color\": 1",
              "node 'a\\x00b': unknown field 'color'");
  CheckChange("\"name\": \"dense\"", "\"name\": \"\\u001b[31mred\", \"color\": 1",
              "node '\\x1B[31mred': unknown field 'color'");
}

TEST_CASE("checklist 3: a message names the line") {
  CheckChange("[100, -200]", "[100,\n\n-200000000000]", "net.json:14: ");
  CheckChange("\"scale\": 3.0", "\"scale\": 3.0.0", "net.json:13: ");
}

TEST_CASE("checklist 4: dimensions that are zero, negative, huge, or too many") {
  CheckChange("[1, 2, 2]", "[1, 0, 2]", "at least 1");
  CheckChange("[1, 2, 2]", "[1, -2, 2]", "at least 1");
  CheckChange("[1, 2, 2]", "[2147483647, 2147483647, 2147483647]", "more than 2147483647 elements");
  CheckChange("[1, 2, 2]", "[9223372036854775807, 9223372036854775807]", "elements");
  CheckChange("[1, 2, 2]", "[1, 1, 1, 1, 1, 1, 1, 2, 2]", "9 dimensions, more than 8");
  CheckChange("[1, 2, 2]", "[1, 2, 2.5]", "has to be an integer");
  CheckChange("\"shape\": [1, 2, 2], ", "", "tensor 'x': \"shape\" is missing");
  CheckChange("\"shape\": [2, 4], ", "", "tensor 'w': \"shape\" is missing");
  CheckChange("[100, -200]", "[100, -200, 3]", "have 12 bytes, but [2] takes 8");
  CheckChange("[1, 2, 3, 4, -5, -6, -127, 127]", "[1]", "have 1 bytes, but [2, 4] takes 8");
  CheckChange("\"flat\": {", "\"flat\": {\"shape\": [4], ", "is declared [4]");
}

TEST_CASE("checklist 5: references, writers, order, cycles") {
  CheckChange("\"inputs\": [\"x\"],\n", "\"inputs\": [\"z\"],\n", "there is no tensor 'z'");
  CheckChange("\"inputs\": [\"x\"],\n", "\"inputs\": [],\n", "the network has no input");
  CheckChange("\"inputs\": [\"x\"],\n", "\"inputs\": [\"x\", \"x\"],\n", "listed twice");
  CheckChange("\"inputs\": [\"x\"],\n", "\"inputs\": [\"x\", \"b\"],\n", "constant data, too");
  CheckChange("\"inputs\": [\"x\"],\n", "\"inputs\": [\"x\", 1],\n", "has to be a text");
  CheckChange("\"inputs\": [\"x\"],\n", "\"inputs\": [\"x\", null],\n", "has to be a text");
  CheckChange("\"outputs\": [\"y\"],\n", "\"outputs\": [\"w\"],\n", "no node makes it");
  CheckChange("\"outputs\": [\"y\"],\n", "\"outputs\": [\"x\"],\n", "no node makes it");
  CheckChange("\"outputs\": [\"y\"], \"attributes\"", "\"outputs\": [\"yy\"], \"attributes\"",
              "there is no tensor 'yy'");
  CheckChange("[\"flat\", \"w\", \"b\"]", "[\"flat\", \"w\", \"b\", \"b\"]", "takes 2 to 3");
  CheckChange("[\"flat\", \"w\", \"b\"]", "[\"flat\"]", "has 1 input, but takes 2 to 3");
  CheckChange("[\"flat\", \"w\", \"b\"]", "[null, \"w\", \"b\"]", "input 0 is missing");
  CheckChange("\"outputs\": [\"flat\"]", "\"outputs\": []", "has 0 outputs, but takes 1");
  CheckChange("\"outputs\": [\"y\"], \"attributes\"", "\"outputs\": [\"flat\"], \"attributes\"",
              "which node 'flatten' writes, too");
  CheckChange("\"outputs\": [\"flat\"]", "\"outputs\": [\"y\"]",
              "which node 'flatten' writes, too");
  CheckChange("\"outputs\": [\"flat\"]", "\"outputs\": [\"w\"]", "writes the constant 'w'");
  CheckChange("\"outputs\": [\"flat\"]", "\"outputs\": [\"x\"]", "an input of the network");
  CheckChange("[\"flat\", \"w\", \"b\"]", "[\"y\", \"w\", \"b\"]", "reads its own output 'y'");
  CheckChange("\"inputs\": [\"x\"], \"outputs\": [\"flat\"]",
              "\"inputs\": [\"y\"], \"outputs\": [\"flat\"]", "is part of a cycle");
  CheckChange("\"name\": \"dense\"", "\"name\": \"flatten\"", "two nodes are named 'flatten'");
  CheckChange("\"name\": \"dense\"", "\"name\": \"\"", "has no name");
  CheckChange("\"data\": [100, -200]", "\"float_data\": [0.5, 0.5]",
              "tensor 'b': is int32, but has float values only: quantize the network first");
  // "b" becomes a tensor that nobody makes.
  CheckChange(", \"data\": [100, -200]", "", "which no node makes");
}

TEST_CASE("checklist 5: an optional bias may be null or left out") {
  const TemporaryFolder folder;
  for (const char* inputs : {"[\"flat\", \"w\", null]", "[\"flat\", \"w\"]"}) {
    const std::string text = Replaced(SmallNetworkText(), "[\"flat\", \"w\", \"b\"]", inputs);
    const Refusal refusal = TryLoad(folder.Write("net.json", text));
    CHECK(refusal.message == "");
  }
}

TEST_CASE("checklist 5: nodes in another order than they run") {
  std::string text = SmallNetworkText();
  const size_t first = text.find("    {\"name\": \"flatten\"");
  const size_t second = text.find("    {\"name\": \"dense\"");
  const std::string flatten = text.substr(first, second - first);
  text.erase(first, flatten.size());
  const size_t end = text.find("\n  ]\n");
  text.insert(end, ",\n" + flatten.substr(0, flatten.rfind(',')));
  CheckRefused(text, "list the nodes in the order in which they run");
}

TEST_CASE("checklist 7: scales, zero points, axes") {
  CheckChange("\"scale\": 3.0", "\"scale\": 0", "scale 0 is not a positive");
  CheckChange("\"scale\": 3.0", "\"scale\": -1.5", "scale -1.5 is not a positive");
  CheckChange("\"scale\": 3.0", "\"scale\": 1e-40", "is not a positive");
  CheckChange("\"scale\": 3.0", "\"scale\": 1e-60", "is not a positive");
  CheckChange("\"scale\": 3.0", "\"scale\": []", "is empty");
  CheckChange("\"scale\": 3.0", "\"scale\": \"3\"", "has to be a number");
  CheckChange("\"scale\": 3.0", "\"scale\": null", "has to be a number");
  CheckChange("\"zero_point\": 7", "\"zero_point\": 128", "outside of int8's range, -128 to 127");
  CheckChange("\"zero_point\": 7", "\"zero_point\": -129", "outside of int8's range");
  CheckChange("\"zero_point\": 7", "\"zero_point\": 4294967296", "is outside of");
  CheckChange("\"zero_point\": 7", "\"zero_point\": [7, 7]", "1 scales, but 2 zero points");
  CheckChange("[0.25, 0.1]", "[0.25, 0.1, 0.2]", "3 scales, but 2 channels along axis 0");
  CheckChange("\"zero_point\": 0, \"axis\": 0", "\"zero_point\": 0, \"axis\": 1",
              "2 scales, but 4 channels along axis 1");
  CheckChange("\"zero_point\": 0, \"axis\": 0", "\"zero_point\": 0, \"axis\": 2", "axis 2");
  CheckChange("\"zero_point\": 0, \"axis\": 0", "\"zero_point\": 0, \"axis\": -1", "axis -1");
  CheckChange("\"zero_point\": 0, \"axis\": 0", "\"zero_point\": 0, \"axis\": 99999999999", "axis");
  CheckChange("\"x\": {\"dtype\": \"int8\"", "\"x\": {\"dtype\": \"float32\"",
              "is float32 and cannot be quantized");
}

TEST_CASE("checklist 7: multipliers, shifts and clamps written by hand") {
  const auto with = [](const char* attributes) {
    return std::string("\"activation\": \"relu\", ") + attributes;
  };
  const std::string_view place = "\"activation\": \"relu\"";
  const auto check = [&](const char* attributes, std::string_view reason) {
    CheckChange(place, with(attributes), reason);
  };
  check("\"multiplier\": [1073741823], \"shift\": [0]", "multiplier 1073741823 is outside of");
  check("\"multiplier\": [2147483648], \"shift\": [0]", "multiplier 2147483648 is outside of");
  check("\"multiplier\": [-1073741824], \"shift\": [0]", "is outside of");
  check("\"multiplier\": [1073741824], \"shift\": [32]", "shift 32 is outside of");
  check("\"multiplier\": [1073741824], \"shift\": [-31]", "shift -31 is outside of");
  check("\"multiplier\": [1073741824], \"shift\": []", "shift");
  check("\"multiplier\": [1073741824, 1073741824, 1073741824], \"shift\": [0, 0, 0]",
        "3 multipliers");
  check("\"clamp\": [5, 4]", "clamp");
  check("\"clamp\": [0, 300]", "clamp");
  check("\"clamp\": [0]", "clamp");
}

TEST_CASE("checklist 10: the weights file's path") {
  const TemporaryFolder outside;
  const TemporaryFolder folder;
  graph::SaveNetwork(ConvolutionNetwork(), folder.path());
  const std::string text = ReadText(folder / "network.json");
  std::filesystem::copy(folder / "weights.safetensors", outside / "w");
  std::filesystem::create_symlink(outside / "w", folder / "link");
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  const auto refused = [&](const std::string& name, std::string_view reason) {
    folder.Write("network.json", Replaced(text, "\"weights.safetensors\"", "\"" + name + "\""));
    const Refusal refusal = TryLoad(folder.path());
    INFO(refusal.message);
    CHECK(Says(refusal, reason));
    CHECK(Says(refusal, "network.json:6: \"weights\""));
  };
  refused((folder / "weights.safetensors").string(), "not a file's name inside");
  refused("../" + folder.path().filename().string() + "/weights.safetensors", "inside of the");
  refused("link", "leads out of its folder");
  refused("pipe", "a pipe");
  refused(".", "leads out of its folder");
  refused("", "not a file's name");
  refused("absent", "No such file");
  refused("weights.safetensors\\u0000.json", "not a file's name");
  folder.Write("network.json", text);
  CHECK(TryLoad(folder.path()).message == "");
}

TEST_CASE("checklist 10: the weights file and the network file do not go together") {
  const TemporaryFolder folder;
  graph::SaveNetwork(ConvolutionNetwork(), folder.path());
  const std::string text = ReadText(folder / "network.json");
  const auto refused = [&](std::string_view from, std::string_view to, std::string_view reason) {
    folder.Write("network.json", Replaced(text, from, to));
    const Refusal refusal = TryLoad(folder.path());
    INFO(refusal.message);
    CHECK(Says(refusal, reason));
  };
  refused("\"shape\": [20, 3, 3, 3]", "\"shape\": [20, 3, 9, 1]", "in the weights file is int8");
  refused("\"weights\": \"filter\"", "\"weights\": \"fliter\"", "there is no 'fliter' in");
  refused("\"weights\": \"filter\"", "\"weights\": \"bias\"", "is int32 [20]");
  refused("\"weights\": \"filter\"", "\"weights\": 1", "has to be a text");
  refused("\"weights\": \"filter\"", "\"weights\": \"filter\", \"data\": [1]", "both here and");
  refused("{\"weights\": \"conv.shift\"}", "{\"weights\": \"filter\"}", "has to be a list");
  refused("{\"weights\": \"conv.shift\"}", "{\"weights\": \"filter.scale\"}", "int32 or int64");
  refused("{\"weights\": \"conv.shift\"}", "{\"weight\": \"conv.shift\"}", "is missing");
  refused("{\"weights\": \"conv.shift\"}", "\"conv.shift\"", "has to be a list of integers");
  refused("{\"weights\": \"filter.scale\"}", "{\"weights\": \"bias\"}", "float32");
  const size_t begin = text.find("  \"weights\": \"weights.safetensors\"");
  const size_t end = text.find('\n', text.find('\n', begin) + 1) + 1;
  folder.Write("network.json", text.substr(0, begin) + text.substr(end));
  CHECK(Says(TryLoad(folder.path()), "names no \"weights\" file"));
}

TEST_CASE("checklist 10: lists and backups in the weights file that are of no use") {
  const TemporaryFolder folder;
  graph::SaveNetwork(ConvolutionNetwork(), folder.path());
  std::string text = ReadText(folder / "network.json");
  // What stands beside is no backup of the weights.
  const size_t digits = text.find("\"weights_xxh64\": \"") + 18;
  text.replace(digits, 16, "0123456789abcdef");
  std::filesystem::create_directory(folder / "weights.0123456789abcdef.safetensors");
  folder.Write("network.json", text);
  CHECK(Says(TryLoad(folder.path()), "has the checksum"));
}

TEST_CASE("checklist 3: values of the wrong kind") {
  CheckChange("[\"x\"],\n", "5,\n", "\"inputs\" has to be a list");
  CheckChange("\"nodes\": [", "\"nodes\": [7, ", "node 0 has to be an object");
  CheckChange("\"version\": 1,", "\"version\": 1, \"weights_xxh64\": \"0\",",
              "\"weights_xxh64\" without \"weights\"");
  CheckChange("[0.25, 0.5,", "[1e39, 0.5,", "is too large for float32");
  CheckChange(
      "\"dtype\": \"int32\", \"shape\": [2], \"quantization\": {\"scale\": [0.125, 0.05], "
      "\"axis\": 0}, \"data\": [100, -200]",
      "\"dtype\": \"bool\", \"shape\": [2], \"data\": [true, 1]",
      "an element of \"data\" has to be true or false");
  CheckChange("\"scale\": 3.0", "\"scale\": 3.0, \"range\": \"wide\"",
              "is 'wide'; known are static and dynamic");
  CheckChange("\"format\": \"integra-network\"", "\"format\": 1", "is not an Integra network");
  CheckChange("\"relu\"", "[]", "has to be a text, but is a list of integers");
  CheckChange("\"relu\"", "[0.5]", "has to be a text, but is a list of numbers");
  CheckChange(
      "{\"dtype\": \"int8\", \"shape\": [1, 2, 2], \"quantization\": {\"scale\": 0.5, "
      "\"zero_point\": -3}}",
      "{\"dtype\": \"bool\", \"shape\": [1, 2, 2], \"quantization\": {\"scale\": 0.5}}",
      "tensor 'x': is bool and cannot be quantized");
  CheckChange("\"shape\": [1, 2, 2], \"quantization\": {\"scale\": 0.5, \"zero_point\": -3}}",
              "\"shape\": [], \"quantization\": {\"scale\": [0.5, 1]}}",
              "has 2 scales, but 1 channels");
  CheckChange(
      "\"dtype\": \"int8\", \"shape\": [2, 4], \"quantization\": {\"scale\": [0.25, 0.1], "
      "\"zero_point\": 0, \"axis\": 0}",
      "\"dtype\": \"float32\", \"shape\": [2, 4]",
      "'w': is float32 and has separate float weights, too");
}

TEST_CASE("limits: files larger than allowed are refused before they are read") {
  const TemporaryFolder folder;
  graph::SaveNetwork(ConvolutionNetwork(), folder.path());
  CHECK_THROWS_WITH_AS(graph::LoadNetwork(folder.path(), {.max_weights_bytes = 100}),
                       doctest::Contains("more than the limit of 100"), Error);
  CHECK_THROWS_WITH_AS(graph::LoadNetwork(folder.path(), {.max_network_bytes = 100}),
                       doctest::Contains("more than the limit of 100"), Error);
}

}  // namespace
}  // namespace integra::test
