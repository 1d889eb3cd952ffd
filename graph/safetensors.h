// The safetensors format (https://github.com/huggingface/safetensors): an 8-byte little-endian
// length, a JSON header of that length, and the tensors' bytes without gaps.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/atomic_file.h"
#include "base/buffer.h"
#include "base/mapped_file.h"
#include "base/name_index.h"
#include "graph/json_reader.h"
#include "integra/tensor.hpp"

namespace integra::graph {

// Names of entries that only fill the space up to the next multiple of 64 bytes start with this.
// The format allows no gaps, so that Integra's files hold small uint8 tensors in their place.
inline constexpr std::string_view kPaddingPrefix = "__pad";

struct StoredTensor {
  std::string name;
  DataType dtype;
  Shape shape;
  SharedBytes data;
};

// A file for reading. Everything that the header says is checked when it is opened: every entry
// lies inside of the file, none overlap, no byte belongs to none.
class SafetensorsReader {
 public:
  // `source` is the file's name for messages. Throws Error (kInvalidFile).
  SafetensorsReader(std::string source, std::shared_ptr<const MappedFile> file);

  // The tensor `name`. Its data points into the mapped file and keeps it alive; where the file does
  // not align it to its element size, it is copied. Throws kInvalidFile where the type (half
  // floats, doubles ...) is not one of Integra's, and Get() where the name is absent.
  std::optional<StoredTensor> Find(std::string_view name) const;
  StoredTensor Get(std::string_view name) const;
  std::vector<std::string> names() const;  // sorted, without the padding
  const std::string& source() const { return source_; }

 private:
  struct Entry {
    std::string_view name;
    std::string_view dtype;
    Shape shape;
    uint64_t begin = 0;
    uint64_t end = 0;
  };
  Entry ReadEntry(std::string_view name, const JsonValue& value) const;
  void CheckCoverage(uint64_t data_bytes) const;

  std::string source_;
  std::shared_ptr<const MappedFile> file_;
  const uint64_t data_start_;
  const JsonDocument header_;
  std::vector<Entry> entries_;
  NameIndex index_;
};

// Writes `tensors` in their order, each at a multiple of 64 bytes; `file` is left to be committed.
// Names are unique, not "__metadata__", and do not start with kPaddingPrefix. Returns the file's
// XXH64. Throws Error (kSystem).
uint64_t WriteSafetensors(AtomicFile& file, const std::vector<StoredTensor>& tensors);

}  // namespace integra::graph
