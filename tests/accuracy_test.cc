// On 500 real pictures integer mode gives all scores of LiteRT's reference kernels, hence the same
// top-1 class on every one of them and the same ImageNet accuracy.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "convert/convert.h"
#include "integra/integra.hpp"
#include "io/labels.h"
#include "io/picture.h"
#include "io/resize.h"
#include "tests/support/golden.h"
#include "tests/support/npy.h"
#include "tests/support/sha256.h"

namespace integra::test {
namespace {

#ifdef NDEBUG
constexpr size_t kStep = 1;
#else
constexpr size_t kStep = 25;  // unoptimized and sanitized builds are slow: every 25th picture
#endif
constexpr int64_t kBatch = 4;
constexpr int64_t kClasses = 1001;

struct Pictures {
  std::vector<std::string> names;
  std::vector<size_t> rows;     // in the recorded scores
  std::vector<uint8_t> pixels;  // [names.size(), size, size, 3]
  bool exact = false;           // the pixels are those that the recorded scores were computed from
};

Pictures Decode(const std::filesystem::path& data, int size, const std::string& sum_of_all) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(data / "images" / "jpeg")) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  Pictures pictures;
  for (size_t i = 0; i < files.size(); i += kStep) {
    io::Picture picture = io::ReadPicture(files[i]);
    if (picture.width != size) picture = io::ResizeBilinear(picture, size, size);
    pictures.names.push_back(files[i].filename().string());
    pictures.rows.push_back(i);
    pictures.pixels.insert(pictures.pixels.end(), picture.rgb.begin(), picture.rgb.end());
  }
  Sha256 sum;
  sum.Add(pictures.pixels);
  pictures.exact = kStep > 1 || sum.Hex() == sum_of_all;
  return pictures;
}

// How many scores come before that of `label`; of equal ones the lower class is first.
int64_t Rank(std::span<const uint8_t> scores, int64_t label) {
  int64_t rank = 0;
  for (int64_t c = 0; c < kClasses; ++c) {
    rank += scores[c] > scores[label] || (scores[c] == scores[label] && c < label);
  }
  return rank;
}

struct Classifier {
  const char* name;
  int size;
  const char* pixels;  // SHA-256 of all 500 pictures at this size, as Pillow decodes and resizes
  double top1, top5;   // of the reference kernels, percent
};

constexpr Classifier kClassifiers[] = {
    {"mobilenet_v1_0.25_128_quant", 128,
     "094f2076912ba3b43efcaf626efb14c3e68583ced2355b0cf046b938e0c1505c", 44.0, 70.8},
    {"tf2_mobilenet_v2_1.0_224_ptq", 224,
     "988982557806e21fe03ac2112662a49e48cfb221a31511ac71d78d8ac4faf6eb", 88.6, 97.8},
};

void Measure(const std::filesystem::path& data, const Classifier& classifier) {
  const Array recorded = ReadNpy(data / "accuracy" / (std::string(classifier.name) + ".ref.npy"));
  const Pictures pictures = Decode(data, classifier.size, classifier.pixels);
  if (!pictures.exact) MESSAGE("this JPEG decoder is not Pillow's: only the accuracy is compared");
  io::LabelOptions label_options;
  label_options.outputs = kClasses;
  const auto labels = io::ReadLabels(data / "images" / "labels.tsv", label_options).by_name;

  const Network network(
      convert::ImportTflite(data / "models" / (std::string(classifier.name) + ".tflite")));
  SessionOptions options;
  options.threads = 2;
  options.batch = kBatch;
  Session session(network, options);
  const size_t picture_bytes = size_t(classifier.size) * classifier.size * 3;
  std::vector<uint8_t> input(kBatch * picture_bytes);
  std::vector<uint8_t> scores(kBatch * kClasses);
  const std::span<const std::byte> inputs[] = {std::as_bytes(std::span(input))};
  const std::span<std::byte> outputs[] = {std::as_writable_bytes(std::span(scores))};

  const auto count = static_cast<int64_t>(pictures.names.size());
  REQUIRE(count == (500 + kStep - 1) / kStep);
  int top1 = 0, top5 = 0, other_scores = 0, other_top1 = 0;
  for (int64_t first = 0; first < count; first += kBatch) {
    const int64_t filled = std::min(kBatch, count - first);
    std::copy_n(pictures.pixels.begin() + first * int64_t(picture_bytes),
                filled * int64_t(picture_bytes), input.begin());
    session.Run(inputs, outputs);
    for (int64_t b = 0; b < filled; ++b) {
      const auto i = static_cast<size_t>(first + b);
      const std::span<const uint8_t> got(&scores[static_cast<size_t>(b * kClasses)], kClasses);
      const auto expected =
          recorded.values<uint8_t>().subspan(pictures.rows[i] * kClasses, kClasses);
      other_scores += !std::equal(got.begin(), got.end(), expected.begin());
      const auto best = std::max_element(expected.begin(), expected.end()) - expected.begin();
      other_top1 += Rank(got, best) != 0;
      const int64_t rank = Rank(got, labels.at(pictures.names[i]));
      top1 += rank < 1;
      top5 += rank < 5;
    }
  }
  const double percent = 100.0 / static_cast<double>(count);
  std::printf(
      "%s on %d pictures: top-1 %.1f %%, top-5 %.1f %%; other top-1 class than LiteRT: %d\n",
      classifier.name, int(count), top1 * percent, top5 * percent, other_top1);
  if (pictures.exact) {
    CHECK(other_scores == 0);
    CHECK(other_top1 == 0);
  }
  if (kStep == 1) {
    const double tolerance = pictures.exact ? 1e-9 : 1.0;
    CHECK(std::abs(top1 * percent - classifier.top1) <= tolerance);
    CHECK(std::abs(top5 * percent - classifier.top5) <= tolerance);
  }
}

TEST_CASE("On real pictures integer mode gives LiteRT's scores, and its ImageNet accuracy") {
  const auto data = GoldenFolder();
  if (!data) return;
  for (const Classifier& classifier : kClassifiers) {
    CAPTURE(classifier.name);
    Measure(*data, classifier);
  }
}

}  // namespace
}  // namespace integra::test
