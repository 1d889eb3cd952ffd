#include "graph/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>
#include <tuple>

#include "base/error.h"
#include "base/xxhash64.h"
#include "graph/json_reader.h"
#include "graph/json_writer.h"

namespace integra::graph {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are read in place");

constexpr uint64_t kLengthBytes = 8;
constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the limit of the format's own library
constexpr const char* kMetadata = "__metadata__";

struct StoredType {
  const char* name;
  DataType dtype;
};
constexpr StoredType kStoredTypes[] = {{"F32", DataType::kFloat32}, {"I8", DataType::kInt8},
                                       {"U8", DataType::kUInt8},    {"I16", DataType::kInt16},
                                       {"I32", DataType::kInt32},   {"I64", DataType::kInt64},
                                       {"BOOL", DataType::kBool}};

const StoredType* FindType(std::string_view name) {
  const auto* found = std::find_if(std::begin(kStoredTypes), std::end(kStoredTypes),
                                   [&](const StoredType& type) { return name == type.name; });
  return found == std::end(kStoredTypes) ? nullptr : found;
}

const char* StoredName(DataType dtype) {
  return std::find_if(std::begin(kStoredTypes), std::end(kStoredTypes),
                      [&](const StoredType& type) { return dtype == type.dtype; })
      ->name;
}

// How many bytes of `file` hold the length and the header that it announces.
uint64_t StartOfData(const std::string& source, const MappedFile& file) {
  const auto bytes = file.bytes();
  if (bytes.size() < kLengthBytes) {
    Fail(ErrorCode::kInvalidFile, source, ": is too short for a safetensors file: ", bytes.size(),
         " bytes");
  }
  uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, bytes.data(), kLengthBytes);
  if (header_bytes > std::min(kMaxHeaderBytes, bytes.size() - kLengthBytes)) {
    Fail(ErrorCode::kInvalidFile, source, ": is no safetensors file, or was cut off: it has ",
         bytes.size(), " bytes, and its first 8 announce a header of ", header_bytes);
  }
  return kLengthBytes + header_bytes;
}

// Bytes of a tensor; fails where the product overflows.
uint64_t BytesOf(const JsonDocument& header, const JsonValue& place, const JsonSubject& what,
                 const Shape& shape, size_t element_size) {
  uint64_t bytes = element_size;
  for (const int64_t dim : shape) {
    if (dim < 0 || __builtin_mul_overflow(bytes, static_cast<uint64_t>(dim), &bytes)) {
      header.FailAt(place, what, ": shape ", ToString(shape), " is negative or too large");
    }
  }
  return bytes;
}

std::string HeaderOf(const std::vector<StoredTensor>& tensors) {
  std::string header = StrCat("{\"", kMetadata, "\":{\"format\":\"integra\"}");
  uint64_t position = 0;
  size_t paddings = 0;
  const auto add = [&](const std::string& name, const char* dtype, const Shape& shape,
                       uint64_t bytes) {
    header +=
        StrCat(",", JsonQuote(name), ":{\"dtype\":\"", dtype, "\",\"shape\":", ToString(shape),
               ",\"data_offsets\":[", position, ",", position + bytes, "]}");
    position += bytes;
  };
  for (const StoredTensor& tensor : tensors) {
    if (const uint64_t gap = AlignUp(position) - position; gap > 0) {
      add(StrCat(kPaddingPrefix, ".", paddings++), "U8", {static_cast<int64_t>(gap)}, gap);
    }
    add(tensor.name, StoredName(tensor.dtype), tensor.shape, tensor.data.size());
  }
  header += "}";
  // Spaces, so that the data behind the header starts at a multiple of 64 bytes.
  header.resize(AlignUp(kLengthBytes + header.size()) - kLengthBytes, ' ');
  return header;
}

}  // namespace

SafetensorsReader::SafetensorsReader(std::string source, std::shared_ptr<const MappedFile> file)
    : source_(std::move(source)),
      file_(std::move(file)),
      data_start_(StartOfData(source_, *file_)),
      header_(source_, file_->text().substr(kLengthBytes, data_start_ - kLengthBytes)) {
  const JsonValue::Object entries = header_.Object(header_.root(), {"the header"});
  entries_.reserve(entries.size());
  index_.Reserve(entries.size());
  for (const auto& [name, value] : entries) {
    if (name == kMetadata) {
      for (const auto& [key, text] : header_.Object(value, {name})) header_.Text(text, {key});
    } else {
      entries_.push_back(ReadEntry(name, value));
      index_.Insert(name);
    }
  }
  CheckCoverage(file_->bytes().size() - data_start_);
}

SafetensorsReader::Entry SafetensorsReader::ReadEntry(std::string_view name,
                                                      const JsonValue& value) const {
  const JsonSubject what = {"tensor '", name, "'"};
  JsonFields fields(header_, value, what);
  Entry entry;
  entry.name = name;
  entry.dtype = header_.Text(fields.Require("dtype"), fields.Name("dtype"));
  entry.shape = header_.Integers(fields.Require("shape"), fields.Name("shape"));
  const auto offsets =
      header_.Integers(fields.Require("data_offsets"), fields.Name("data_offsets"));
  fields.RefuseOthers();
  if (offsets.size() != 2 || offsets[0] < 0 || offsets[1] < offsets[0]) {
    header_.FailAt(value, what, ": \"data_offsets\" have to be [begin, end]");
  }
  entry.begin = static_cast<uint64_t>(offsets[0]);
  entry.end = static_cast<uint64_t>(offsets[1]);
  if (const StoredType* type = FindType(entry.dtype)) {
    const uint64_t needed = BytesOf(header_, value, what, entry.shape, SizeOf(type->dtype));
    if (needed != entry.end - entry.begin) {
      header_.FailAt(value, what, ": ", entry.dtype, " ", ToString(entry.shape), " takes ", needed,
                     " bytes, but \"data_offsets\" give it ", entry.end - entry.begin);
    }
  }
  return entry;
}

void SafetensorsReader::CheckCoverage(uint64_t data_bytes) const {
  std::vector<const Entry*> ordered;
  ordered.reserve(entries_.size());
  for (const Entry& entry : entries_) ordered.push_back(&entry);
  std::sort(ordered.begin(), ordered.end(), [](const Entry* a, const Entry* b) {
    return std::tie(a->begin, a->end, a->name) < std::tie(b->begin, b->end, b->name);
  });
  uint64_t position = 0;
  for (const Entry* entry : ordered) {
    if (entry->begin != position) {
      Fail(ErrorCode::kInvalidFile, source_, ": tensor '", entry->name, "' starts at byte ",
           entry->begin, " of the data, but the one before it ends at ", position);
    }
    position = entry->end;
  }
  if (position != data_bytes) {
    Fail(ErrorCode::kInvalidFile, source_, ": the tensors take ", position,
         " bytes, but the file holds ", data_bytes,
         position > data_bytes ? ": was it cut off?" : "");
  }
}

StoredTensor SafetensorsReader::Get(std::string_view name) const {
  auto found = Find(name);
  if (!found) Fail(ErrorCode::kInvalidFile, source_, ": has no tensor '", name, "'");
  return *std::move(found);
}

std::optional<StoredTensor> SafetensorsReader::Find(std::string_view name) const {
  const auto found = index_.Find(name);
  if (!found) return std::nullopt;
  const Entry& entry = entries_[*found];
  const StoredType* type = FindType(entry.dtype);
  if (type == nullptr) {
    Fail(ErrorCode::kInvalidFile, source_, ": tensor '", name, "' has type ", entry.dtype,
         "; Integra reads F32, I8, U8, I16, I32, I64 and BOOL");
  }
  SharedBytes data{file_,
                   file_->bytes().subspan(data_start_ + entry.begin, entry.end - entry.begin)};
  if (reinterpret_cast<uintptr_t>(data.bytes.data()) % SizeOf(type->dtype) != 0) {
    data = SharedBytes::Own(std::vector<std::byte>(data.bytes.begin(), data.bytes.end()));
  }
  return StoredTensor{std::string(name), type->dtype, entry.shape, std::move(data)};
}

std::vector<std::string> SafetensorsReader::names() const {
  std::vector<std::string> names;
  for (const Entry& entry : entries_) {
    if (!entry.name.starts_with(kPaddingPrefix)) names.emplace_back(entry.name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

uint64_t WriteSafetensors(AtomicFile& file, const std::vector<StoredTensor>& tensors) {
  const std::string header = HeaderOf(tensors);
  const uint64_t header_bytes = header.size();
  Xxhash64Stream hash;
  const auto write = [&](std::span<const std::byte> bytes) {
    file.Write(bytes);
    hash.Update(bytes);
  };
  write(std::as_bytes(std::span(&header_bytes, 1)));
  write(std::as_bytes(std::span(header)));
  constexpr std::byte kZeros[kAlignment] = {};
  uint64_t position = 0;
  for (const StoredTensor& tensor : tensors) {
    write(std::span(kZeros).first(AlignUp(position) - position));
    write(tensor.data.bytes);
    position = AlignUp(position) + tensor.data.size();
  }
  return hash.Digest();
}

}  // namespace integra::graph
