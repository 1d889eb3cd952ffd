#include "io/dataset.h"

#include <doctest/doctest.h>

#include <cstring>

#include "base/error.h"
#include "io/npy.h"
#include "tests/support/golden.h"
#include "tests/support/pictures.h"
#include "tests/support/temporary_folder.h"

namespace integra::io {
namespace {

TensorInfo Input(DataType dtype, Shape shape, float scale = 0, int32_t zero_point = 0) {
  TensorInfo info{.name = "x", .dtype = dtype, .shape = std::move(shape), .quantization = {}};
  if (scale != 0) info.quantization = {.scale = {scale}, .zero_point = {zero_point}, .axis = 0};
  return info;
}

template <typename T>
std::filesystem::path Save(const test::TemporaryFolder& folder, const char* name, DataType dtype,
                           const Shape& shape, const std::vector<T>& values) {
  WriteNpy(folder / name, dtype, shape, std::as_bytes(std::span(values)));
  return folder / name;
}

template <typename T>
std::vector<T> ReadOne(DataSource& data, int64_t i, const TensorInfo& input) {
  std::vector<T> values(static_cast<size_t>(ElementCount(input.shape)));
  const std::span<std::byte> buffer = std::as_writable_bytes(std::span(values));
  data.Read(i, {input}, std::span(&buffer, 1));
  return values;
}

TEST_CASE(
    "dataset: samples of an array, for the network they were made for and its float sibling") {
  const test::TemporaryFolder folder;
  const auto file = Save<int8_t>(folder, "x.npy", DataType::kInt8, {3, 2}, {1, 2, 3, 4, 5, 6});
  const TensorInfo input = Input(DataType::kInt8, {1, 2}, 0.5f, 1);
  const auto data = OpenDataSet({file}, {input});
  CHECK(data->size() == 3);
  CHECK(data->name(2) == "x[2]");
  CHECK_FALSE(data->label(0));
  CHECK(ReadOne<int8_t>(*data, 1, input) == std::vector<int8_t>{3, 4});
  CHECK(ReadOne<float>(*data, 1, Input(DataType::kFloat32, {1, 2})) ==
        std::vector<float>{1.f, 1.5f});
  const auto floats = Save<float>(folder, "f.npy", DataType::kFloat32, {2}, {-0.5f, 2.f});
  const auto real = OpenDataSet({floats}, {input});
  CHECK(real->size() == 1);  // without the leading dimension of 1
  CHECK(ReadOne<int8_t>(*real, 0, input) == std::vector<int8_t>{0, 5});
  CHECK(OpenDataSet({file}, {input}, {.limit = 2})->size() == 2);
  CHECK(OpenDataSet({file}, {input}, {.limit = 9})->size() == 3);
}

TEST_CASE("dataset: arrays that do not fit are refused, naming input and shapes") {
  const test::TemporaryFolder folder;
  const auto file = Save<int8_t>(folder, "x.npy", DataType::kInt8, {3, 2}, {1, 2, 3, 4, 5, 6});
  const auto open = [&](const TensorInfo& input) { OpenDataSet({file}, {input}); };
  CHECK_THROWS_WITH_AS(open(Input(DataType::kInt8, {1, 3})), doctest::Contains("[3, 2]"), Error);
  CHECK_THROWS_WITH_AS(open(Input(DataType::kInt8, {2, 2})), doctest::Contains("'x'"), Error);
  CHECK_THROWS_WITH_AS(open(Input(DataType::kUInt8, {1, 2})), doctest::Contains("int8"), Error);
  CHECK_THROWS_AS(open(Input(DataType::kInt8, {})), Error);
  CHECK_THROWS_AS(CountSamples({0, 2}, Input(DataType::kInt8, {1, 2}), "x"), Error);
  CHECK_THROWS_AS(OpenDataSet({}, {}), Error);
  CHECK_THROWS_AS(OpenDataSet({file, file}, {Input(DataType::kInt8, {1, 2})}), Error);
  CHECK(CountSamples({4, 2}, Input(DataType::kInt8, {2, 2}), "x") == 2);
  CHECK(CountSamples({}, Input(DataType::kInt8, {}), "x") == 1);
}

TEST_CASE("dataset: several inputs come from several arrays of as many samples") {
  const test::TemporaryFolder folder;
  const auto a = Save<int8_t>(folder, "a.npy", DataType::kInt8, {2, 1}, {1, 2});
  const auto b = Save<int8_t>(folder, "b.npy", DataType::kInt8, {2, 2}, {3, 4, 5, 6});
  const auto c = Save<int8_t>(folder, "c.npy", DataType::kInt8, {1, 2}, {3, 4});
  const std::vector<TensorInfo> inputs = {Input(DataType::kInt8, {1, 1}),
                                          Input(DataType::kInt8, {1, 2})};
  const auto data = OpenDataSet({a, b}, inputs);
  std::byte first[1], second[2];
  const std::span<std::byte> buffers[] = {first, second};
  data->Read(1, inputs, buffers);
  CHECK(std::to_integer<int>(first[0]) == 2);
  CHECK(std::to_integer<int>(second[1]) == 6);
  CHECK_THROWS_WITH_AS(OpenDataSet({a, c}, inputs), doctest::Contains("holds 2"), Error);
  CHECK_THROWS_AS(data->Read(0, {inputs[0]}, std::span(buffers, 1)), Error);
}

TEST_CASE("dataset: a folder of pictures, in order, with labels by name") {
  const test::TemporaryFolder folder;
  std::filesystem::create_directory(folder / "set");
  for (const test::TestPicture& picture : test::TestPictures()) {
    folder.Write("set/" + picture.name, picture.file);
  }
  folder.Write("set/readme.txt", "no picture");
  const auto labels = folder.Write("labels.tsv",
                                   "file\tclass2\tclass3\tname\n"
                                   "420.jpg\t0\t1\ta\nbits.png\t1\t2\tb\ncmyk.jpg\t1\t2\tb\r\n"
                                   "other.jpg\t0\t1\ta\n");
  const TensorInfo input = Input(DataType::kUInt8, {1, 4, 4, 3}, 1.f);
  const auto data = OpenDataSet({folder / "set"}, {input},
                                {.labels = labels, .label_options = {.outputs = 3}, .limit = 3});
  CHECK(data->size() == 3);
  CHECK(data->name(0) == "420.jpg");
  CHECK(data->name(1) == "bits.png");
  CHECK(data->label(0) == 1);
  CHECK(data->label(2) == 2);
  CHECK(ReadOne<uint8_t>(*data, 2, input).size() == 48);
  CHECK_THROWS_WITH_AS(
      OpenDataSet({folder / "set"}, {input}, {.labels = labels, .label_options = {.outputs = 3}}),
      doctest::Contains("no label for 'gray.jpg'"), Error);
  CHECK_THROWS_WITH_AS(
      OpenDataSet({folder / "set"}, {input}, {.labels = labels, .label_options = {.outputs = 7}}),
      doctest::Contains("no column 'class7'"), Error);
  CHECK(OpenDataSet({folder / "set" / "420.jpg"}, {input})->size() == 1);
  CHECK_THROWS_WITH_AS(OpenDataSet({folder.path()}, {input}), doctest::Contains("no .jpg"), Error);
  CHECK_THROWS_AS(OpenDataSet({folder / "set"}, {input, input}), Error);
}

TEST_CASE("labels: tables, lists and arrays") {
  const test::TemporaryFolder folder;
  const auto list = folder.Write("list.txt", "3\n1\n2\n\n");
  CHECK(ReadLabels(list).by_position == std::vector<int64_t>{3, 1, 2});
  const auto table = folder.Write("t.tsv", "class\tname\n2\tcat\n0\tdog\n");
  CHECK(ReadLabels(table).by_position == std::vector<int64_t>{2, 0});
  CHECK(ReadClassNames(table) == std::vector<std::string>{"dog", "", "cat"});
  CHECK(ReadClassNames(folder.Write("n.txt", "ant\nbee\n")) ==
        std::vector<std::string>{"ant", "bee"});
  CHECK(ReadLabels(Save<int32_t>(folder, "l.npy", DataType::kInt32, {2}, {4, 5})).by_position ==
        std::vector<int64_t>{4, 5});
  for (const char* bad : {"", "\n", "x\n", "-1\n", "1.5\n", "99999999999999999999\n",
                          "file\tclass\na\t1\na\t2\n", "file\tclass\na\n", "file\tclass\na\tb\n"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(ReadLabels(folder.Write("bad.tsv", bad)), Error);
  }
  CHECK_THROWS_WITH_AS(ReadLabels(folder.Write("bad.tsv", "file\tclass\na\t1\nb\tx\n")),
                       doctest::Contains("bad.tsv:3"), Error);
  CHECK_THROWS_AS(ReadLabels(table, {.column = "clas"}), Error);
  CHECK(ReadLabels(table, {.column = "class"}).by_position == std::vector<int64_t>{2, 0});
  CHECK(ReadLabels(folder.Write("one.tsv", "label\n7\n")).by_position == std::vector<int64_t>{7});
  const auto message = [&](const std::filesystem::path& path) -> std::string {
    try {
      ReadLabels(path);
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  };
  const auto holds = [](const std::string& text, const char* part) {
    CAPTURE(text);
    CHECK(text.find(part) != text.npos);
  };
  holds(message(Save<float>(folder, "f.npy", DataType::kFloat32, {2}, {1, 2})),
        "f.npy: labels are integers [samples], not float32 [2]");
  holds(message(Save<uint8_t>(folder, "b.npy", DataType::kBool, {2}, {1, 0})), "not bool [2]");
  holds(message(Save<int8_t>(folder, "m.npy", DataType::kInt8, {1, 2}, {1, 0})), "int8 [1, 2]");
  holds(message(Save<int8_t>(folder, "n.npy", DataType::kInt8, {2}, {1, -1})),
        "n.npy: label 1 is no class number");
  holds(message(Save<int64_t>(folder, "h.npy", DataType::kInt64, {1}, {1LL << 40})), "label 0");
  CHECK_THROWS_WITH_AS(ReadClassNames(folder.Write("u.tsv", "class\tother\n1\ta\n")),
                       doctest::Contains("no column 'name'"), Error);
  CHECK(ReadClassNames(folder.Write("v.tsv", "name\tclass\n")).empty());
  const auto data = Save<int8_t>(folder, "x.npy", DataType::kInt8, {3, 1}, {1, 2, 3});
  const TensorInfo input = Input(DataType::kInt8, {1, 1});
  CHECK_THROWS_WITH_AS(OpenDataSet({data}, {input}, {.labels = table}),
                       doctest::Contains("2 labels for 3 samples"), Error);
  CHECK(OpenDataSet({data}, {input}, {.labels = list})->label(1) == 1);
  CHECK_THROWS_AS(CountSamples({1, 2}, Input(DataType::kInt8, {1}), "x"), Error);
  CHECK_THROWS_AS(CountSamples({3, 2}, Input(DataType::kInt8, {2, 2}), "x"), Error);
  CHECK(CountSamples({2}, Input(DataType::kInt8, {1, 2}), "x") == 1);
}

TEST_CASE("dataset: the photographs are those of the raw array") {
  const auto golden = test::GoldenFolder();
  if (!golden) return;
  const auto images = *golden / "images";
  const TensorInfo input = Input(DataType::kUInt8, {1, 224, 224, 3}, 1.f);
  const auto pictures =
      OpenDataSet({images / "jpeg"}, {input},
                  {.labels = images / "labels.tsv", .label_options = {.outputs = 1001}});
  const auto raw =
      OpenDataSet({images / "raw_40x224.npy"}, {input}, {.labels = images / "raw_40x224.txt"});
  CHECK(pictures->size() == 500);
  CHECK(raw->size() == 40);
  CHECK(pictures->label(1) == 3);
  // The raw array holds some of the pictures: find each by its class (picture 2k has class 2k).
  for (int64_t i = 0; i < raw->size(); ++i) {
    const int64_t index = *raw->label(i) / 2;
    CAPTURE(index);
    CHECK(pictures->label(index) == *raw->label(i) + 1);
    CHECK(ReadOne<uint8_t>(*pictures, index, input) == ReadOne<uint8_t>(*raw, i, input));
  }
}

}  // namespace
}  // namespace integra::io
