// Formats that are read from files or memory: network.json, safetensors, .npy, pictures, choices of
// kernels.
#include <cstring>

#include "graph/network_file.h"
#include "graph/safetensors.h"
#include "integra/error.hpp"
#include "io/npy.h"
#include "io/picture.h"
#include "runtime/tuning.h"
#include "runtime/tuning_file.h"
#include "tests/fuzz/targets.h"
#include "tests/support/networks.h"
#include "tests/support/operator_nodes.h"
#include "tests/support/pictures.h"
#include "tests/support/temporary_folder.h"

namespace integra::fuzz {
namespace {

Bytes ToBytes(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

std::string_view ToText(BytesView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// One folder for all inputs of this process.
const test::TemporaryFolder& Folder() {
  static const test::TemporaryFolder folder;
  return folder;
}

// A saved network with a weights file, which lies beside every network that is tried.
const test::TemporaryFolder& FolderWithWeights() {
  static const test::TemporaryFolder folder;
  static const bool saved = (graph::SaveNetwork(test::ConvolutionNetwork(), folder.path()), true);
  (void)saved;
  return folder;
}

}  // namespace

graph::Graph LoadText(BytesView network) {
  return graph::LoadNetwork(FolderWithWeights().Write("tried.json", ToText(network)));
}

// What loads can be saved, and loads again as the same network.
void RunNetwork(BytesView input) {
  graph::Graph loaded;
  try {
    loaded = LoadText(input);
  } catch (const Error&) {
    return;
  }
  uint64_t bytes = 0;
  for (const graph::Tensor& tensor : loaded.tensors) bytes += tensor.data.size();
  if (bytes > 1 << 20) return;
  try {
    const auto saved = Folder() / "saved";
    graph::SaveNetwork(loaded, saved);
    if (!test::SameGraph(loaded, graph::LoadNetwork(saved))) Finding("another network is read");
  } catch (const Error& error) {
    Finding(error.what());
  }
}

std::vector<Bytes> NetworkSeeds() {
  std::vector<Bytes> seeds = {
      ToBytes(test::SmallNetworkText()),
      ToBytes(test::ReadText(FolderWithWeights() / graph::kNetworkFileName))};
  for (const test::OneNode& node : test::OperatorNodes()) {
    seeds.push_back(ToBytes(test::NetworkText(node)));
  }
  return seeds;
}

void RunSafetensors(BytesView input) {
  try {
    const auto path = Folder().Write("tried.safetensors", ToText(input));
    const graph::SafetensorsReader reader("tried", MappedFile::Open(path, 1 << 24));
    for (const std::string& name : reader.names()) {
      try {
        const graph::StoredTensor tensor = reader.Get(name);
        const auto size = static_cast<size_t>(ElementCount(tensor.shape)) * SizeOf(tensor.dtype);
        if (tensor.data.size() != size) Finding("data of another size than the shape's");
      } catch (const Error&) {  // a type that is not Integra's
      }
    }
  } catch (const Error&) {
  }
}

std::vector<Bytes> SafetensorsSeeds() {
  return {ToBytes(test::ReadText(FolderWithWeights() / graph::kWeightsFileName))};
}

void RunNpy(BytesView input) {
  try {
    const io::Array array =
        io::ParseNpy(SharedBytes::Own(Bytes(input.begin(), input.end())), "tried.npy");
    const auto size = static_cast<size_t>(ElementCount(array.shape)) * SizeOf(array.dtype);
    if (array.data.size() != size) Finding("data of another size than the shape's");
  } catch (const Error&) {
  }
}

std::vector<Bytes> NpySeeds() {
  std::vector<Bytes> seeds;
  for (const DataType type : {DataType::kUInt8, DataType::kInt16, DataType::kFloat32}) {
    seeds.push_back(ToBytes(io::NpyHeader(type, {2, 3})));
    seeds.back().resize(seeds.back().size() + 6 * SizeOf(type));
  }
  return seeds;
}

void RunPicture(BytesView input) {
  io::PictureLimits limits;
  limits.max_pixels = 1 << 18;
  try {
    const io::Picture picture = io::DecodePicture(input, "tried", limits);
    const auto size = size_t(picture.width) * size_t(picture.height) * 3;
    if (picture.rgb.size() != size || size == 0) Finding("pixels of another size");
  } catch (const Error&) {
  }
}

namespace {

const runtime::TuningKey kKey = {"a network", "a processor", "an isa", 1, "1", "2"};

// As a file of choices, by another entry in it.
std::optional<std::vector<TunedLayer>> ReadAndExtend(const std::filesystem::path& path) {
  static const graph::Graph graph = test::ConvolutionNetwork();
  auto found = runtime::FindTuning(path, kKey, graph);
  if (found) runtime::ChoicesOf(graph, *found);
  AtomicFile file(path);
  runtime::TuningKey other = kKey;
  other.threads = 2;
  runtime::AddTuning(path, other, {}, file);
  return found;
}

}  // namespace

// What is read is written again, and is the same.
void RunTuning(BytesView input) {
  const auto path = Folder().Write("tried.json", ToText(input));
  std::optional<std::vector<TunedLayer>> found;
  try {
    found = ReadAndExtend(path);
  } catch (const Error&) {
    return;
  }
  try {
    const auto again = ReadAndExtend(path);
    if (again.has_value() != found.has_value()) Finding("an entry appears or goes");
    if (found && runtime::ChoicesOf(test::ConvolutionNetwork(), *again) !=
                     runtime::ChoicesOf(test::ConvolutionNetwork(), *found)) {
      Finding("other choices are read");
    }
  } catch (const Error& error) {
    Finding(error.what());
  }
}

std::vector<Bytes> TuningSeeds() {
  const auto path = Folder() / "choices.json";
  std::filesystem::remove(path);
  AtomicFile file(path);
  const std::string node = test::ConvolutionNetwork().nodes[0].name;
  runtime::AddTuning(path, kKey,
                     {{{node}, "direct", {{"default", "one", 1}, {"direct", "another", 2}}}}, file);
  return {ToBytes(test::ReadText(path))};
}

std::vector<Bytes> PictureSeeds() {
  std::vector<Bytes> seeds;
  for (const test::TestPicture& picture : test::TestPictures()) {
    seeds.push_back(ToBytes(picture.file));
  }
  return seeds;
}

}  // namespace integra::fuzz
