#include "io/npy.h"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "base/error.h"
#include "tests/support/temporary_folder.h"

namespace integra::io {
namespace {

std::string Bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A file with the given header text, version and data.
std::string File(const std::string& header, const std::string& data, int version = 1) {
  std::string file = "\x93NUMPY";
  file += static_cast<char>(version);
  file += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) {
    file += static_cast<char>(header.size() >> (8 * i) & 0xff);
  }
  return file + header + data;
}

std::string Header(const std::string& type, const std::string& shape) {
  return "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
}

Array Parse(const std::string& file) {
  return ParseNpy(SharedBytes::Own(std::vector<char>(file.begin(), file.end())), "x.npy");
}

// The kind of error that parsing ends with; kSystem stands for success.
ErrorCode CodeOf(const std::string& file) {
  try {
    Parse(file);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::kSystem;
}

TEST_CASE("npy: what is written is read again, for every type and rank") {
  const test::TemporaryFolder folder;
  for (const DataType dtype : {DataType::kFloat32, DataType::kInt8, DataType::kUInt8,
                               DataType::kInt16, DataType::kInt32, DataType::kInt64}) {
    for (const Shape& shape : {Shape{}, Shape{5}, Shape{0, 3}, Shape{1, 1001}, Shape{2, 3, 4, 5}}) {
      CAPTURE(NameOf(dtype));
      CAPTURE(ToString(shape));
      std::vector<std::byte> data(static_cast<size_t>(ElementCount(shape)) * SizeOf(dtype));
      for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::byte>(i * 7 + 1);
      WriteNpy(folder / "a.npy", dtype, shape, data);
      const Array array = ReadNpy(folder / "a.npy");
      CHECK(array.dtype == dtype);
      CHECK(array.shape == shape);
      CHECK(std::equal(array.data.bytes.begin(), array.data.bytes.end(), data.begin(), data.end()));
      CHECK(reinterpret_cast<uintptr_t>(array.data.bytes.data()) % 64 == 0);
    }
  }
}

TEST_CASE("npy: the header is NumPy's") {
  const std::string header = NpyHeader(DataType::kInt8, {1, 10});
  CHECK(header.size() % 64 == 0);
  CHECK(header.starts_with(std::string("\x93NUMPY\x01\x00\x76\x00", 10) +
                           "{'descr': '|i1', 'fortran_order': False, 'shape': (1, 10), }  "));
  CHECK(header.back() == '\n');
  CHECK(
      NpyHeader(DataType::kFloat32, {3}).find("'<f4', 'fortran_order': False, 'shape': (3,), }") !=
      std::string::npos);
  CHECK(NpyHeader(DataType::kBool, {}).find("'shape': (), }") != std::string::npos);
}

TEST_CASE("npy: other spellings that NumPy accepts") {
  CHECK(Parse(File(Header("|i1", "(2,)"), "ab", 2)).shape == Shape{2});
  CHECK(Parse(File(Header("|i1", "(2,)"), "ab", 3)).shape == Shape{2});
  CHECK(Parse(File("{\"shape\":(2L,),\"descr\":'<u1','fortran_order':False}", "ab")).shape ==
        Shape{2});
  // Data that are not aligned for their type are copied.
  const Array array = Parse(File(Header("<i4", "(1,)") + " ", std::string("\x01\x00\x00\x00", 4)));
  CHECK(array.as<int32_t>()[0] == 1);
  CHECK(reinterpret_cast<uintptr_t>(array.data.bytes.data()) % 4 == 0);
}

TEST_CASE("npy: damaged files are refused") {
  const std::string good = File(Header("<i2", "(2, 3)"), std::string(12, 'x'));
  CHECK(CodeOf(good) == ErrorCode::kSystem);
  for (size_t size = 0; size < good.size(); ++size) {
    CAPTURE(size);
    CHECK(CodeOf(good.substr(0, size)) == ErrorCode::kInvalidFile);
  }
  CHECK(CodeOf(good + "y") == ErrorCode::kInvalidFile);
  for (const char* shape :
       {"(-1,)", "(2 3)", "2", "(2,", "(,)", "('a',)", "(99999999999999999999,)",
        "(2, 3), 'shape': (1,)", "(4611686018427387904, 4611686018427387904)",
        "(0, 4611686018427387904, 4)", "[2, 3]",
        "(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2,3)"}) {
    CAPTURE(shape);
    CHECK(CodeOf(File(Header("<i2", shape), std::string(12, 'x'))) == ErrorCode::kInvalidFile);
  }
  CHECK(CodeOf(File("{'descr': '<i2', 'shape': (1,), }", "xx")) == ErrorCode::kInvalidFile);
  CHECK(CodeOf(File("{'descr': '<i2', 'fortran_order': 0, 'shape': (1,), }", "xx")) ==
        ErrorCode::kInvalidFile);
  CHECK(CodeOf(File(Header("<i2", "(1,)") + "x", "xx")) == ErrorCode::kInvalidFile);
  for (const char* header :
       {"{'descr': '<i2', 'descr': '<i2', 'fortran_order': False, 'shape': (1,)}",
        "{'fortran_order': False, 'fortran_order': False, 'descr': '<i2', 'shape': (1,)}",
        "{'fortran_order': False, 'shape': (1,)}", "{'descr': '<i2', 'fortran_order': False}",
        "{'descr': '<i2', 'shape': (1,)}", "{'descr", "{'descr':", "{",
        "{'descr': '<i2', 'fortran_order': False, 'shape': (9223372036854775808,)}",
        "{'descr': '<i2', 'fortran_order': False, 'shape': (4611686018427387904,)}"}) {
    CAPTURE(header);
    CHECK(CodeOf(File(header, "xx")) == ErrorCode::kInvalidFile);
  }
  CHECK(CodeOf(File(Header("|b1", "(2,)"), "\x01\x02")) == ErrorCode::kInvalidFile);
}

TEST_CASE("npy: flipping any byte of the header never does worse than an error") {
  const std::string good = File(Header("<i2", "(2, 3)"), std::string(12, 'x'));
  for (size_t i = 0; i < good.size() - 12; ++i) {
    for (const int flip : {1, 8, 32, 128, 255}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ flip);
      CodeOf(bad);
    }
  }
}

TEST_CASE("npy: what is valid but not supported says so") {
  CHECK(CodeOf(File(Header("<f8", "(1,)"), "xxxxxxxx")) == ErrorCode::kUnsupported);
  CHECK(CodeOf(File(Header(">i2", "(1,)"), "xx")) == ErrorCode::kUnsupported);
  CHECK(CodeOf(File("{'descr': [('a', '<i2')], 'fortran_order': False, 'shape': (1,), }", "xx")) ==
        ErrorCode::kUnsupported);
  CHECK(CodeOf(File("{'descr': '<i2', 'fortran_order': True, 'shape': (1,), }", "xx")) ==
        ErrorCode::kUnsupported);
  CHECK(CodeOf(File(Header("<i2", "(1,)"), "xx", 4)) == ErrorCode::kUnsupported);
}

TEST_CASE("npy: writing checks its arguments and leaves nothing behind when it fails") {
  const test::TemporaryFolder folder;
  const std::vector<std::byte> data(4);
  CHECK_THROWS_AS(WriteNpy(folder / "a.npy", DataType::kInt8, {5}, data), Error);
  CHECK_THROWS_AS(WriteNpy(folder / "none" / "a.npy", DataType::kInt8, {4}, data), Error);
  CHECK(std::filesystem::is_empty(folder.path()));
  WriteNpy(folder / "a.npy", DataType::kInt8, {4}, data);
  CHECK(Bytes(folder / "a.npy").size() == NpyHeader(DataType::kInt8, {4}).size() + 4);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

}  // namespace
}  // namespace integra::io
