#include "tests/support/npy.h"

#include <zlib.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace integra::test {
namespace {

[[noreturn]] void Broken(const std::string& what) { throw std::runtime_error("npy/npz: " + what); }

template <typename T>
T Read(std::span<const std::byte> bytes, size_t at) {
  if (at + sizeof(T) > bytes.size()) Broken("truncated");
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

std::span<const std::byte> Part(std::span<const std::byte> bytes, size_t at, size_t size) {
  if (at > bytes.size() || size > bytes.size() - at) Broken("truncated");
  return bytes.subspan(at, size);
}

// The text after `'key': ` in the header's Python dictionary.
std::string After(const std::string& header, const std::string& key) {
  const size_t at = header.find("'" + key + "':");
  if (at == std::string::npos) Broken("no " + key + " in the header");
  return header.substr(header.find_first_not_of(' ', at + key.size() + 3));
}

DataType ParseDescr(const std::string& descr) {
  static const std::map<std::string, DataType> kTypes = {
      {"<f4", DataType::kFloat32}, {"|i1", DataType::kInt8},  {"|u1", DataType::kUInt8},
      {"<i2", DataType::kInt16},   {"<i4", DataType::kInt32}, {"<i8", DataType::kInt64},
      {"|b1", DataType::kBool}};
  const auto found = kTypes.find(descr);
  if (found == kTypes.end()) Broken("element type " + descr);
  return found->second;
}

std::vector<std::byte> Inflate(std::span<const std::byte> packed, size_t size) {
  std::vector<std::byte> out(size);
  z_stream stream = {};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) Broken("zlib");
  const int result = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  if (result != Z_STREAM_END || stream.avail_out != 0) Broken("damaged deflate data");
  return out;
}

}  // namespace

std::span<const std::byte> Array::slices(int64_t i, int64_t count) const {
  const size_t slice = bytes.size() / static_cast<size_t>(shape.at(0));
  return Part(bytes, static_cast<size_t>(i) * slice, static_cast<size_t>(count) * slice);
}

std::vector<std::byte> ReadBytes(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path.string());
  const std::vector<char> chars{std::istreambuf_iterator<char>(in), {}};
  const auto bytes = std::as_bytes(std::span(chars));
  return {bytes.begin(), bytes.end()};
}

Array ParseNpy(std::span<const std::byte> file) {
  if (file.size() < 10 || std::memcmp(file.data(), "\x93NUMPY", 6) != 0) Broken("not an .npy file");
  const bool long_header = Read<uint8_t>(file, 6) >= 2;
  const size_t size = long_header ? Read<uint32_t>(file, 8) : Read<uint16_t>(file, 8);
  const size_t start = long_header ? 12 : 10;
  const auto header_bytes = Part(file, start, size);
  const std::string header(reinterpret_cast<const char*>(header_bytes.data()), size);
  if (After(header, "fortran_order").starts_with("True")) Broken("Fortran order");

  Array array;
  array.dtype = ParseDescr(After(header, "descr").substr(1, 3));
  const std::string shape = After(header, "shape");
  for (size_t at = 1; at < shape.find(')');) {
    size_t digits = 0;
    array.shape.push_back(std::stoll(shape.substr(at), &digits));
    at = shape.find_first_not_of(", ", at + digits);
  }
  const auto data = Part(file, start + size,
                         static_cast<size_t>(ElementCount(array.shape)) * SizeOf(array.dtype));
  array.bytes.assign(data.begin(), data.end());
  return array;
}

Array ReadNpy(const std::filesystem::path& path) { return ParseNpy(ReadBytes(path)); }

std::map<std::string, Array> ReadNpz(const std::filesystem::path& path) {
  // A zip archive ends with a record (22 bytes, here without a comment) that says where the table
  // of its members is.
  const std::vector<std::byte> file = ReadBytes(path);
  if (file.size() < 22 || Read<uint32_t>(file, file.size() - 22) != 0x06054b50) Broken("not a zip");
  const size_t members = Read<uint16_t>(file, file.size() - 12);
  size_t at = Read<uint32_t>(file, file.size() - 6);

  std::map<std::string, Array> arrays;
  for (size_t i = 0; i < members; ++i) {
    const size_t method = Read<uint16_t>(file, at + 10);
    const size_t packed_size = Read<uint32_t>(file, at + 20);
    const size_t size = Read<uint32_t>(file, at + 24);
    const size_t name_size = Read<uint16_t>(file, at + 28);
    const size_t local = Read<uint32_t>(file, at + 42);
    const auto name_bytes = Part(file, at + 46, name_size);
    std::string name(reinterpret_cast<const char*>(name_bytes.data()), name_size);
    if (name.ends_with(".npy")) name.resize(name.size() - 4);
    const size_t data =
        local + 30 + Read<uint16_t>(file, local + 26) + Read<uint16_t>(file, local + 28);
    const auto packed = Part(file, data, packed_size);
    if (method != 0 && method != Z_DEFLATED) Broken("compression method");
    arrays[name] = method == 0 ? ParseNpy(packed) : ParseNpy(Inflate(packed, size));
    at += 46 + name_size + Read<uint16_t>(file, at + 30) + Read<uint16_t>(file, at + 32);
  }
  return arrays;
}

}  // namespace integra::test
