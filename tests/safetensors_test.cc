// The safetensors reader and writer: what is written, and that damage is noticed.
#include "graph/safetensors.h"

#include <doctest/doctest.h>

#include <cstring>
#include <map>

#include "base/error.h"
#include "base/xxhash64.h"
#include "tests/support/temporary_folder.h"

namespace integra::test {
namespace {

using graph::SafetensorsReader;
using graph::StoredTensor;

uint64_t WriteSafetensors(const std::filesystem::path& path,
                          const std::vector<StoredTensor>& tensors) {
  AtomicFile file(path);
  const uint64_t hash = graph::WriteSafetensors(file, tensors);
  file.Commit();
  return hash;
}

// The bytes of a file with `header` and `data_bytes` bytes of data.
std::string FileWith(const std::string& header, size_t data_bytes) {
  const uint64_t length = header.size();
  std::string file(sizeof(length), '\0');
  std::memcpy(file.data(), &length, sizeof(length));
  return file + header + std::string(data_bytes, '\1');
}

SafetensorsReader Open(const std::filesystem::path& path) {
  return SafetensorsReader(path.string(), MappedFile::Open(path, uint64_t{1} << 30));
}

// The message with which the file is refused, "" where it is not.
std::string RefusalOf(const std::string& file) {
  const TemporaryFolder folder;
  try {
    Open(folder.Write("w.safetensors", file));
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::kInvalidFile);
    CHECK(std::string(error.what()).find("w.safetensors") != std::string::npos);
    return error.what();
  }
  return "";
}

bool Refused(const std::string& file, std::string_view reason) {
  const std::string message = RefusalOf(file);
  INFO(message);
  const bool found = message.find(reason) != std::string::npos;
  CHECK(found);
  return found;
}

std::vector<StoredTensor> Samples() {
  return {{"bytes", DataType::kInt8, {3}, SharedBytes::Own(std::vector<int8_t>{-1, 0, 1})},
          {"words", DataType::kInt32, {2, 2}, SharedBytes::Own(std::vector<int32_t>{1, 2, 3, 4})},
          {"longs", DataType::kInt64, {1}, SharedBytes::Own(std::vector<int64_t>{1LL << 40})},
          {"real", DataType::kFloat32, {}, SharedBytes::Own(std::vector<float>{0.5f})},
          {"flags", DataType::kBool, {2}, SharedBytes::Own(std::vector<uint8_t>{0, 1})}};
}

TEST_CASE("safetensors: what is written is read back, aligned to 64 bytes") {
  const TemporaryFolder folder;
  const auto path = folder / "w.safetensors";
  const uint64_t hash = WriteSafetensors(path, Samples());
  const std::string file = ReadText(path);
  CHECK(hash == Xxhash64(std::as_bytes(std::span(file))));
  const SafetensorsReader reader = Open(path);
  CHECK(reader.names() == std::vector<std::string>{"bytes", "flags", "longs", "real", "words"});
  for (const StoredTensor& sample : Samples()) {
    CAPTURE(sample.name);
    const StoredTensor back = reader.Get(sample.name);
    CHECK(back.dtype == sample.dtype);
    CHECK(back.shape == sample.shape);
    CHECK(reinterpret_cast<uintptr_t>(back.data.bytes.data()) % 64 == 0);
    CHECK(std::string_view(back.data.as<char>(), back.data.size()) ==
          std::string_view(sample.data.as<char>(), sample.data.size()));
  }
}

TEST_CASE("safetensors: the file keeps the format's own rules") {
  // As huggingface/safetensors checks them: the header starts with '{', entries sorted by offset
  // leave no gap, and the last one ends with the file.
  const TemporaryFolder folder;
  WriteSafetensors(folder / "w.safetensors", Samples());
  const std::string file = ReadText(folder / "w.safetensors");
  uint64_t length = 0;
  std::memcpy(&length, file.data(), sizeof(length));
  CHECK((8 + length) % 64 == 0);
  CHECK(file[8] == '{');
  std::map<uint64_t, uint64_t> ranges;
  const std::string header = file.substr(8, length);
  const std::string key = "\"data_offsets\":[";
  for (size_t at = header.find(key); at != header.npos; at = header.find(key, at + 1)) {
    char* end = nullptr;
    const uint64_t begin = std::strtoull(header.data() + at + key.size(), &end, 10);
    ranges[begin] = std::strtoull(end + 1, nullptr, 10);
  }
  CHECK(ranges.size() == 9);  // five tensors, four paddings
  uint64_t position = 0;
  for (const auto& [begin, end] : ranges) {
    CHECK(begin == position);
    position = end;
  }
  CHECK(8 + length + position == file.size());
}

TEST_CASE("safetensors: an empty file of tensors") {
  const TemporaryFolder folder;
  WriteSafetensors(folder / "w.safetensors", {});
  CHECK(Open(folder / "w.safetensors").names().empty());
}

TEST_CASE("safetensors: a file of another writer may be misaligned") {
  const TemporaryFolder folder;
  const std::string header = R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                             R"("b":{"dtype":"I32","shape":[2],"data_offsets":[1,9]}})";
  const SafetensorsReader reader = Open(folder.Write("w.safetensors", FileWith(header, 9)));
  const StoredTensor b = reader.Get("b");
  CHECK(reinterpret_cast<uintptr_t>(b.data.bytes.data()) % 4 == 0);
  CHECK(b.data.as<int32_t>()[1] == 0x01010101);
}

TEST_CASE("safetensors: types that Integra does not know are refused only when asked for") {
  const TemporaryFolder folder;
  const std::string header = R"({"half":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},)"
                             R"("ok":{"dtype":"U8","shape":[1],"data_offsets":[4,5]}})";
  const SafetensorsReader reader = Open(folder.Write("w.safetensors", FileWith(header, 5)));
  CHECK(reader.Get("ok").data.size() == 1);
  CHECK_THROWS_WITH_AS(reader.Get("half"), doctest::Contains("F16"), Error);
  CHECK_THROWS_WITH_AS(reader.Get("none"), doctest::Contains("no tensor 'none'"), Error);
}

TEST_CASE("checklist 1: safetensors empty, 8 bytes, wrong magic, trailing bytes") {
  Refused("", "too short");
  Refused("1234567", "too short");
  Refused(std::string(8, '\0'), "is empty");
  Refused("12345678", "announce a header");
  Refused("PK\3\4 a zip file", "announce a header");
  Refused(FileWith("{}", 1), "the file holds 1");
  Refused(FileWith("{", 0), "parse error");
  Refused(FileWith("[]", 0), "has to be an object");
}

TEST_CASE("checklist 1: safetensors truncated at every offset") {
  const TemporaryFolder folder;
  WriteSafetensors(folder / "w.safetensors", Samples());
  const std::string file = ReadText(folder / "w.safetensors");
  for (size_t length = 0; length < file.size(); ++length) {
    if (RefusalOf(file.substr(0, length)).empty()) FAIL("loads with only ", length, " bytes");
  }
}

TEST_CASE("checklist 10: safetensors offsets and lengths that overflow or overlap") {
  const auto with = [](const std::string& shape, const std::string& offsets, size_t bytes) {
    return FileWith(
        R"({"t":{"dtype":"I32","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}", bytes);
  };
  CHECK(RefusalOf(with("[2]", "[0,8]", 8)).empty());
  Refused(with("[2]", "[0,8]", 7), "was it cut off?");
  Refused(with("[2]", "[0,12]", 12), "takes 8 bytes");
  Refused(with("[2]", "[4,12]", 12), "starts at byte 4");
  Refused(with("[2]", "[8,0]", 8), "have to be [begin, end]");
  Refused(with("[2]", "[-8,0]", 8), "have to be [begin, end]");
  Refused(with("[2]", "[0]", 8), "have to be [begin, end]");
  Refused(with("[2]", "[0,8.0]", 8), "has to be an integer");
  Refused(with("[-2]", "[0,8]", 8), "negative or too large");
  Refused(with("[4294967296,4294967296]", "[0,8]", 8), "negative or too large");
  Refused(with("[4611686018427387904,4]", "[0,0]", 0), "negative or too large");
  Refused(with("[2]", "[9223372036854775800,9223372036854775807]", 8), "takes 8 bytes");
  Refused(with("[2]", "[0,18446744073709551615]", 8), "is too large");
  const std::string entry = R"({"dtype":"U8","shape":[2],"data_offsets":)";
  Refused(FileWith("{\"a\":" + entry + "[0,2]},\"b\":" + entry + "[1,3]}}", 3), "starts at byte 1");
  Refused(FileWith("{\"a\":" + entry + "[0,2]},\"b\":" + entry + "[3,5]}}", 5), "starts at byte 3");
}

TEST_CASE("checklist 3: safetensors headers with duplicate keys and unknown fields") {
  const std::string entry = R"({"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
  Refused(FileWith("{\"a\":" + entry + ",\"a\":" + entry + "}", 1), "duplicate key 'a'");
  Refused(FileWith(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"path":"/etc"}})", 1),
          "unknown field 'path'");
  Refused(FileWith(R"({"a":{"shape":[1],"data_offsets":[0,1]}})", 1), "\"dtype\" is missing");
  Refused(FileWith(R"({"__metadata__":{"n":1}})", 0), "has to be a text");
}

}  // namespace
}  // namespace integra::test
