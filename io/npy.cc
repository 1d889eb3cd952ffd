#include "io/npy.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <optional>
#include <string_view>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/mapped_file.h"

namespace integra::io {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kMaxHeaderBytes = 64 * 1024;
constexpr size_t kMaxRank = 32;  // NumPy's own limit

const char* DescriptionOf(DataType dtype) {
  switch (dtype) {
    case DataType::kFloat32:
      return "<f4";
    case DataType::kInt8:
      return "|i1";
    case DataType::kUInt8:
      return "|u1";
    case DataType::kInt16:
      return "<i2";
    case DataType::kInt32:
      return "<i4";
    case DataType::kInt64:
      return "<i8";
    case DataType::kBool:
      return "|b1";
  }
  return "";  // GCOVR_EXCL_LINE: every type is above
}

std::optional<DataType> ParseDescription(std::string_view text) {
  if (text.size() != 3) return std::nullopt;
  for (const DataType dtype :
       {DataType::kFloat32, DataType::kInt8, DataType::kUInt8, DataType::kInt16, DataType::kInt32,
        DataType::kInt64, DataType::kBool}) {
    const std::string_view known = DescriptionOf(dtype);
    // The order mark of a one-byte type means nothing.
    if (text.substr(1) == known.substr(1) && (text[0] == known[0] || known[0] == '|')) return dtype;
  }
  return std::nullopt;
}

// The header is a Python dictionary literal with three keys; nothing else is accepted.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  void Parse(DataType* dtype, Shape* shape) {
    Expect('{');
    bool seen_type = false, seen_order = false, seen_shape = false;
    while (!Accept('}')) {
      const std::string key = ParseText();
      Expect(':');
      if (key == "descr" && !seen_type) {
        seen_type = true;
        *dtype = ParseType();
      } else if (key == "fortran_order" && !seen_order) {
        seen_order = true;
        if (ParseBool()) {
          Fail(ErrorCode::kUnsupported, name_,
               ": the array is in Fortran order; save numpy.ascontiguousarray(array) instead");
        }
      } else if (key == "shape" && !seen_shape) {
        seen_shape = true;
        *shape = ParseShape();
      } else {
        FailFile("unexpected key '", Printable(key), "'");
      }
      if (!Accept(',')) {
        Expect('}');
        break;
      }
    }
    Skip();
    if (!text_.empty()) FailFile("text after the dictionary");
    if (!seen_type || !seen_order || !seen_shape) {
      FailFile("one of 'descr', 'fortran_order' and 'shape' is missing");
    }
  }

 private:
  template <typename... Parts>
  [[noreturn]] void FailFile(const Parts&... parts) const {
    Fail(ErrorCode::kInvalidFile, name_, ": npy header: ", parts...);
  }

  static std::string Printable(std::string_view text) {
    std::string shown(text.substr(0, 40));
    for (char& c : shown) c = c >= ' ' && c <= '~' ? c : '?';
    return shown;
  }

  void Skip() {
    const size_t n = text_.find_first_not_of(" \t\n\r");
    text_.remove_prefix(std::min(n, text_.size()));
  }

  bool Accept(char c) {
    Skip();
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }

  void Expect(char c) {
    if (!Accept(c)) FailFile("'", c, "' expected before '", Printable(text_), "'");
  }

  bool AcceptWord(std::string_view word) {
    Skip();
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }

  std::string ParseText() {
    Skip();
    const char quote = text_.empty() ? '\0' : text_[0];
    if (quote != '\'' && quote != '"') FailFile("a text expected before '", Printable(text_), "'");
    const size_t end = text_.find(quote, 1);
    if (end == std::string_view::npos) FailFile("a text has no end");
    std::string value(text_.substr(1, end - 1));
    text_.remove_prefix(end + 1);
    return value;
  }

  DataType ParseType() {
    Skip();
    if (text_.starts_with("[")) {
      Fail(ErrorCode::kUnsupported, name_, ": structured arrays are not supported");
    }
    const std::string text = ParseText();
    const std::optional<DataType> dtype = ParseDescription(text);
    if (!dtype) {
      Fail(
          ErrorCode::kUnsupported, name_, ": element type '", Printable(text),
          "' is not supported; use little-endian float32, int8, uint8, int16, int32, int64 or bool "
          "(numpy: array.astype('<f4'))");
    }
    return *dtype;
  }

  bool ParseBool() {
    if (AcceptWord("True")) return true;
    if (AcceptWord("False")) return false;
    FailFile("'fortran_order' must be True or False");
  }

  Shape ParseShape() {
    Shape shape;
    Expect('(');
    while (!Accept(')')) {
      if (shape.size() == kMaxRank) FailFile("more than ", kMaxRank, " dimensions");
      shape.push_back(ParseDimension());
      if (!Accept(',')) {
        Expect(')');
        break;
      }
    }
    return shape;
  }

  int64_t ParseDimension() {
    Skip();
    int64_t value = 0;
    size_t digits = 0;
    for (; digits < text_.size() && text_[digits] >= '0' && text_[digits] <= '9'; ++digits) {
      if (__builtin_mul_overflow(value, int64_t{10}, &value) ||
          __builtin_add_overflow(value, int64_t{text_[digits] - '0'}, &value)) {
        FailFile("a dimension is too large");
      }
    }
    if (digits == 0) FailFile("a dimension expected before '", Printable(text_), "'");
    text_.remove_prefix(digits);
    if (text_.starts_with("L")) text_.remove_prefix(1);  // written by Python 2
    return value;
  }

  std::string_view text_;
  const std::string& name_;
};

// Product of dimensions and element size; fails instead of overflowing.
uint64_t DataBytes(const Shape& shape, DataType dtype, const std::string& name) {
  // A zero anywhere makes the array empty, but the other dimensions must still be sane.
  uint64_t bytes = SizeOf(dtype);
  bool empty = false;
  for (const int64_t dimension : shape) {
    if (dimension == 0) {
      empty = true;
    } else if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(dimension), &bytes) ||
               bytes > uint64_t{1} << 62) {
      Fail(ErrorCode::kInvalidFile, name, ": npy header: shape ", ToString(shape), " is too large");
    }
  }
  return empty ? 0 : bytes;
}

uint64_t LittleEndian(const std::byte* bytes, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; ++i)
    value |= uint64_t{std::to_integer<uint8_t>(bytes[i])} << (8 * i);
  return value;
}

}  // namespace

Array ParseNpy(SharedBytes file, const std::string& name) {
  const std::byte* bytes = file.bytes.data();
  const size_t size = file.size();
  if (size < kMagic.size() + 4 || std::memcmp(bytes, kMagic.data(), kMagic.size()) != 0) {
    Fail(ErrorCode::kInvalidFile, name, ": not an npy file");
  }
  const int version = std::to_integer<int>(bytes[6]);
  if (version < 1 || version > 3 || std::to_integer<int>(bytes[7]) != 0) {
    Fail(ErrorCode::kUnsupported, name, ": npy version ", version, ".",
         std::to_integer<int>(bytes[7]), " is not supported (1.0, 2.0 and 3.0 are)");
  }
  const size_t length_bytes = version == 1 ? 2 : 4;
  const size_t header_begin = kMagic.size() + 2 + length_bytes;
  if (size < header_begin) Fail(ErrorCode::kInvalidFile, name, ": npy file ends within its header");
  const uint64_t header_bytes = LittleEndian(bytes + kMagic.size() + 2, length_bytes);
  if (header_bytes > kMaxHeaderBytes || header_bytes > size - header_begin) {
    Fail(ErrorCode::kInvalidFile, name, ": npy file ends within its header");
  }

  Array array;
  const std::string_view header(reinterpret_cast<const char*>(bytes) + header_begin, header_bytes);
  HeaderParser(header, name).Parse(&array.dtype, &array.shape);

  const size_t data_begin = header_begin + header_bytes;
  const uint64_t expected = DataBytes(array.shape, array.dtype, name);
  if (size - data_begin != expected) {
    Fail(ErrorCode::kInvalidFile, name, ": ", NameOf(array.dtype), " ", ToString(array.shape),
         " needs ", expected, " bytes of data, the file has ", size - data_begin);
  }
  array.data = {std::move(file.owner), file.bytes.subspan(data_begin)};
  if (array.dtype == DataType::kBool) {
    const auto values = array.as<uint8_t>();
    if (std::any_of(values.begin(), values.end(), [](uint8_t v) { return v > 1; })) {
      Fail(ErrorCode::kInvalidFile, name, ": a bool is neither 0 nor 1");
    }
  }
  if (reinterpret_cast<uintptr_t>(array.data.bytes.data()) % SizeOf(array.dtype) != 0) {
    auto aligned = std::make_shared<AlignedBuffer>(expected);
    std::memcpy(aligned->data(), array.data.bytes.data(), expected);
    const std::span<const std::byte> view(aligned->data(), expected);
    array.data = {std::move(aligned), view};
  }
  return array;
}

Array ReadNpy(const std::filesystem::path& path) {
  try {
    const auto file = MappedFile::Open(path, std::numeric_limits<int64_t>::max());
    return ParseNpy({file, file->bytes()}, path.string());
  } catch (const std::bad_alloc&) {
    FailOutOfMemory(path.native());
  }
}

std::string NpyHeader(DataType dtype, const Shape& shape) {
  std::string dictionary =
      StrCat("{'descr': '", DescriptionOf(dtype), "', 'fortran_order': False, 'shape': (");
  for (const int64_t dimension : shape)
    dictionary += StrCat(dimension, shape.size() == 1 ? "," : ", ");
  if (shape.size() > 1) dictionary.resize(dictionary.size() - 2);
  dictionary += "), }";
  const size_t prefix = kMagic.size() + 4;
  dictionary.resize(AlignUp(prefix + dictionary.size() + 1) - prefix - 1, ' ');
  dictionary += '\n';
  std::string header(kMagic);
  header += {'\x01', '\x00', static_cast<char>(dictionary.size() & 0xff),
             static_cast<char>(dictionary.size() >> 8)};
  return header + dictionary;
}

void WriteNpy(const std::filesystem::path& path, DataType dtype, const Shape& shape,
              std::span<const std::byte> data) {
  if (DataBytes(shape, dtype, path.string()) != data.size()) {
    Fail(ErrorCode::kInvalidArgument, path.string(), ": ", NameOf(dtype), " ", ToString(shape),
         " does not have ", data.size(), " bytes");
  }
  AtomicFile file(path);
  file.Write(NpyHeader(dtype, shape));
  file.Write(data);
  file.Commit();
}

}  // namespace integra::io
