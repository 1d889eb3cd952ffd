#include "cli/run_files.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/error.h"
#include "base/mapped_file.h"
#include "cli/console.h"
#include "graph/graph.h"
#include "io/dataset.h"
#include "io/npy.h"
#include "io/values.h"

namespace integra::cli {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxRawBytes = uint64_t{1} << 40;

bool IsRawName(const fs::path& path) {
  return path.extension() == ".raw" || path.extension() == ".bin";
}

// One sample, its inputs' bytes as they are.
class RawInputs : public DataSource {
 public:
  RawInputs(const std::vector<fs::path>& files, const std::vector<TensorInfo>& inputs)
      : name_(files[0].filename().string()) {
    if (files.size() != inputs.size()) {
      Fail(ErrorCode::kInvalidArgument, "the network has ", inputs.size(), " inputs, ",
           files.size(), " files were given; give one for each, in the network's order");
    }
    for (size_t i = 0; i < files.size(); ++i) {
      files_.push_back(MappedFile::Open(files[i], kMaxRawBytes));
      if (files_[i]->bytes().size() == ByteSize(inputs[i])) continue;
      Fail(ErrorCode::kInvalidArgument, files[i].string(), " has ", files_[i]->bytes().size(),
           " bytes; input '", inputs[i].name, "' (", NameOf(inputs[i].dtype), " ",
           ToString(inputs[i].shape), ") has ", ByteSize(inputs[i]));
    }
  }

  int64_t size() const override { return 1; }
  std::string name(int64_t) const override { return name_; }
  void Read(int64_t, const std::vector<TensorInfo>&,
            std::span<const std::span<std::byte>> buffers) override {
    for (size_t i = 0; i < buffers.size(); ++i) {
      std::memcpy(buffers[i].data(), files_[i]->bytes().data(), buffers[i].size());
    }
  }

 private:
  std::string name_;
  std::vector<std::shared_ptr<const MappedFile>> files_;
};

// A name that is a file name on every system.
std::string FileName(size_t index, const std::string& tensor) {
  std::string name = fmt::format("{:04}_", index) + tensor.substr(0, 120);
  for (char& c : name) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.';
    if (!plain) c = '_';
  }
  return name + ".npy";
}

}  // namespace

void AddPreprocessingOptions(CLI::App& verb, InputOptions& options) {
  verb.add_option("--preprocess", options.preprocess,
                  fmt::format("What pixels become: {} (default by the input's type)",
                              fmt::join(io::PreprocessingNames(), ", ")))
      ->type_name("NAME");
  verb.add_option("--fit", options.fit,
                  "How pictures get the input's size: stretch (default) or crop (the centre)")
      ->type_name("HOW");
  verb.add_option("--limit", options.limit, "Use at most this many samples")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber);
}

void AddInputOptions(CLI::App& verb, InputOptions& options) {
  verb.add_option("--input", options.files,
                  ".npy, .raw or .bin, one per input in the network's order; or .png, .jpg, or a "
                  "folder of pictures")
      ->required()
      ->allow_extra_args(false)
      ->type_name("FILE");
  AddPreprocessingOptions(verb, options);
}

std::unique_ptr<DataSource> OpenInputs(const InputOptions& options,
                                       const std::vector<TensorInfo>& inputs, int64_t outputs) {
  if (!options.files.empty() &&
      std::all_of(options.files.begin(), options.files.end(), IsRawName)) {
    return std::make_unique<RawInputs>(options.files, inputs);
  }
  io::DataOptions data;
  data.limit = options.limit;
  data.labels = options.labels;
  data.label_options.column = options.label_column;
  data.label_options.outputs = outputs;
  const auto& names = io::PreprocessingNames();
  if (!options.preprocess.empty() &&
      std::find(names.begin(), names.end(), options.preprocess) == names.end()) {
    Fail(ErrorCode::kInvalidArgument, "unknown preprocessing '", options.preprocess,
         "'; known are ", fmt::format("{}", fmt::join(names, ", ")));
  }
  data.preprocessing.values = options.preprocess;
  if (!io::ParseFit(options.fit, &data.preprocessing.fit)) {
    Fail(ErrorCode::kInvalidArgument, "unknown fit '", options.fit, "'; known are stretch, crop");
  }
  return io::OpenDataSet(options.files, inputs, data);
}

Shape SampledShape(const TensorInfo& info, int64_t samples) {
  Shape shape = info.shape;
  if (samples == 1) return shape;
  if (shape.empty() || shape[0] != 1) {
    shape.insert(shape.begin(), samples);
  } else {
    shape[0] = samples;
  }
  return shape;
}

void WriteOutput(const fs::path& path, const TensorInfo& info, int64_t samples,
                 std::span<const std::byte> bytes) {
  if (path.extension() == ".npy") {
    io::WriteNpy(path, info.dtype, SampledShape(info, samples), bytes);
  } else {
    WriteFile(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
}

void DumpTensors(const Network& network, const AnySession& session, const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) Fail(ErrorCode::kSystem, folder.string(), ": ", error.message());
  const graph::Graph& graph = network.graph();
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (size_t i = 0; i < graph.tensors.size(); ++i) {
    const graph::Tensor& tensor = graph.tensors[i];
    if (tensor.is_constant()) continue;
    const std::string file = FileName(i, tensor.name);
    std::vector<float> scale = tensor.quantization.scale;
    if (tensor.quantization.dynamic) {
      scale[0] = static_cast<float>(scale[0] * session.ReadRatio(tensor.name));
    }
    io::WriteNpy(folder / file, tensor.dtype, tensor.shape, session.ReadTensor(tensor.name));
    list.push_back({{"index", i},
                    {"name", tensor.name},
                    {"file", file},
                    {"dtype", NameOf(tensor.dtype)},
                    {"shape", tensor.shape},
                    {"scale", std::move(scale)},
                    {"zero_point", tensor.quantization.zero_point}});
  }
  WriteFile(folder / "tensors.json",
            list.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

std::vector<ScoredClass> BestClasses(const TensorInfo& info, std::span<const std::byte> bytes,
                                     int64_t top, const std::vector<std::string>& names) {
  const size_t count = bytes.size() / SizeOf(info.dtype);
  std::vector<double> scores(count);
  for (size_t i = 0; i < count; ++i) scores[i] = io::RealValue(bytes, info, i);
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  const size_t k = std::min(count, static_cast<size_t>(top));
  std::partial_sort(
      order.begin(), order.begin() + static_cast<int64_t>(k), order.end(), [&](size_t a, size_t b) {
        if (std::isnan(scores[a]) || std::isnan(scores[b])) {
          return std::isnan(scores[a]) == std::isnan(scores[b]) ? a < b : std::isnan(scores[b]);
        }
        return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
      });
  std::vector<ScoredClass> best;
  for (size_t i = 0; i < k; ++i) {
    const size_t index = order[i];
    best.push_back({static_cast<int64_t>(index), scores[index],
                    index < names.size() ? names[index] : std::string()});
  }
  return best;
}

}  // namespace integra::cli
