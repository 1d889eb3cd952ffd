#include "io/dataset.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "io/npy.h"
#include "io/picture.h"
#include "io/values.h"

namespace integra::io {
namespace {

namespace fs = std::filesystem;

// What both kinds share: names, labels, and the inputs that the data were made for.
class DataSet : public DataSource {
 public:
  int64_t size() const override { return size_; }

  std::optional<int64_t> label(int64_t i) const override {
    if (labels_.empty()) return std::nullopt;
    return labels_[static_cast<size_t>(i)];
  }

 protected:
  DataSet(const std::vector<TensorInfo>& inputs, const DataOptions& options)
      : inputs_(inputs), options_(options) {}

  // Call when all samples are known.
  void Finish(int64_t available) {
    size_ = options_.limit > 0 ? std::min(available, options_.limit) : available;
    if (options_.labels.empty()) return;
    const Labels labels = ReadLabels(options_.labels, options_.label_options);
    const bool named = !labels.by_name.empty();
    if (!named && static_cast<int64_t>(labels.by_position.size()) < available) {
      Fail(ErrorCode::kInvalidArgument, options_.labels.string(), ": ", labels.by_position.size(),
           " labels for ", available, " samples");
    }
    for (int64_t i = 0; i < size_; ++i) {
      if (!named) {
        labels_.push_back(labels.by_position[static_cast<size_t>(i)]);
        continue;
      }
      const auto found = labels.by_name.find(name(i));
      if (found == labels.by_name.end()) {
        Fail(ErrorCode::kInvalidArgument, options_.labels.string(), ": no label for '", name(i),
             "'");
      }
      labels_.push_back(found->second);
    }
  }

  void CheckInputs(const std::vector<TensorInfo>& inputs, size_t buffers) const {
    if (inputs.size() == inputs_.size() && inputs.size() == buffers) return;
    Fail(ErrorCode::kInvalidArgument, "the data have ", inputs_.size(), " inputs, the network has ",
         inputs.size());
  }

  std::vector<TensorInfo> inputs_;
  DataOptions options_;
  int64_t size_ = 0;
  std::vector<int64_t> labels_;
};

class PictureSet : public DataSet {
 public:
  PictureSet(std::vector<fs::path> files, const std::vector<TensorInfo>& inputs,
             const DataOptions& options)
      : DataSet(inputs, options), files_(std::move(files)) {
    if (inputs.size() != 1) {
      Fail(ErrorCode::kInvalidArgument, "pictures can feed a network with one input; this one has ",
           inputs.size(), ", give one .npy for each");
    }
    // Wrong options show here, not after the first picture.
    LayoutOf(inputs_[0]);
    if (options_.preprocessing.values.empty()) {
      options_.preprocessing.values = DefaultValues(inputs_[0]);
    }
    Finish(static_cast<int64_t>(files_.size()));
  }

  std::string name(int64_t i) const override {
    return files_[static_cast<size_t>(i)].filename().string();
  }

  void Read(int64_t i, const std::vector<TensorInfo>& inputs,
            std::span<const std::span<std::byte>> buffers) override {
    CheckInputs(inputs, buffers.size());
    Preprocess(ReadPicture(files_[static_cast<size_t>(i)]), options_.preprocessing, inputs[0],
               buffers[0], inputs_[0]);
  }

 private:
  std::vector<fs::path> files_;
};

class ArraySet : public DataSet {
 public:
  ArraySet(const std::vector<fs::path>& files, const std::vector<TensorInfo>& inputs,
           const DataOptions& options)
      : DataSet(inputs, options) {
    if (files.size() != inputs.size()) {
      Fail(ErrorCode::kInvalidArgument, "the network has ", inputs.size(), " inputs, ",
           files.size(), " .npy files were given; give one for each, in the network's order");
    }
    int64_t samples = 0;
    for (size_t i = 0; i < files.size(); ++i) {
      Add(files[i], inputs[i]);
      const int64_t count = CountSamples(arrays_[i].shape, inputs[i], files[i].string());
      if (i > 0 && count != samples) {
        Fail(ErrorCode::kInvalidArgument, files[i].string(), " holds ", count, " samples, ",
             files[0].string(), " holds ", samples);
      }
      samples = count;
    }
    stem_ = files[0].stem().string();
    Finish(samples);
  }

  std::string name(int64_t i) const override { return StrCat(stem_, "[", i, "]"); }

  void Read(int64_t i, const std::vector<TensorInfo>& inputs,
            std::span<const std::span<std::byte>> buffers) override {
    CheckInputs(inputs, buffers.size());
    for (size_t k = 0; k < inputs.size(); ++k) {
      const size_t bytes =
          static_cast<size_t>(ElementCount(inputs_[k].shape)) * SizeOf(given_[k].dtype);
      ConvertValues(arrays_[k].data.bytes.subspan(static_cast<size_t>(i) * bytes, bytes), given_[k],
                    buffers[k], inputs[k]);
    }
  }

 private:
  void Add(const fs::path& file, const TensorInfo& input) {
    arrays_.push_back(ReadNpy(file));
    TensorInfo given = input;
    given.dtype = arrays_.back().dtype;
    if (given.dtype != input.dtype) {
      // Integers for a float input are the real values themselves (pixels, for example).
      if (given.dtype != DataType::kFloat32 && input.dtype != DataType::kFloat32) {
        Fail(ErrorCode::kInvalidArgument, file.string(), " holds ", NameOf(given.dtype),
             ", input '", input.name, "' is ", NameOf(input.dtype));
      }
      given.quantization = {};
      if (given.dtype != DataType::kFloat32) given.quantization = {{1.0f}, {0}, 0};
    }
    given_.push_back(given);
  }

  std::vector<Array> arrays_;
  std::vector<TensorInfo> given_;  // what the numbers in the files mean
  std::string stem_;
};

std::vector<fs::path> PicturesIn(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (IsPictureName(it->path())) files.push_back(it->path());
  }
  if (error) Fail(ErrorCode::kSystem, folder.string(), ": ", error.message());
  if (files.empty()) {
    Fail(ErrorCode::kInvalidArgument, folder.string(),
         ": no .jpg, .jpeg or .png file in this folder");
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

int64_t CountSamples(const Shape& shape, const TensorInfo& input, const std::string& file) {
  const Shape& want = input.shape;
  const auto inner = [](const Shape& s) { return Shape(s.begin() + (s.empty() ? 0 : 1), s.end()); };
  if (shape == want) return 1;
  if (!want.empty() && want[0] == 1 && shape == inner(want)) return 1;
  const bool fits = !want.empty() && shape.size() == want.size() && inner(shape) == inner(want) &&
                    want[0] > 0 && shape[0] > 0 && shape[0] % want[0] == 0;
  if (!fits) {
    Fail(ErrorCode::kInvalidArgument, file, " has shape ", ToString(shape), "; input '", input.name,
         "' is ", NameOf(input.dtype), " ", ToString(want),
         want.empty() ? "" : ", its first dimension may be a multiple");
  }
  return shape[0] / want[0];
}

std::unique_ptr<DataSource> OpenDataSet(const std::vector<fs::path>& paths,
                                        const std::vector<TensorInfo>& inputs,
                                        const DataOptions& options) {
  if (paths.empty()) Fail(ErrorCode::kInvalidArgument, "no data were given");
  std::error_code ignored;
  if (paths.size() == 1 && fs::is_directory(paths[0], ignored)) {
    return std::make_unique<PictureSet>(PicturesIn(paths[0]), inputs, options);
  }
  if (paths.size() == 1 && IsPictureName(paths[0])) {
    return std::make_unique<PictureSet>(paths, inputs, options);
  }
  return std::make_unique<ArraySet>(paths, inputs, options);
}

}  // namespace integra::io
