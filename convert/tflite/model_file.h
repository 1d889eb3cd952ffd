// A .tflite file: read, verified, and every index in it checked.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "base/error.h"
#include "convert/tflite_generated.h"

namespace integra::convert {

// After construction: there is one subgraph, none of its vectors is null, all indices of tensors,
// buffers and operator codes are within range (operands may be -1: absent).
class TfliteFile {
 public:
  static TfliteFile Read(const std::filesystem::path& path);
  TfliteFile(std::span<const std::byte> file, std::string source);

  const std::string& source() const { return source_; }
  const tflite::Model& model() const { return *model_; }

  size_t tensor_count() const { return subgraph_->tensors()->size(); }
  const tflite::Tensor& tensor(size_t i) const { return *subgraph_->tensors()->Get(Index(i)); }
  const flatbuffers::Vector<int32_t>& inputs() const { return *subgraph_->inputs(); }
  const flatbuffers::Vector<int32_t>& outputs() const { return *subgraph_->outputs(); }

  size_t operator_count() const { return subgraph_->operators()->size(); }
  const tflite::Operator& op(size_t i) const { return *subgraph_->operators()->Get(Index(i)); }
  tflite::BuiltinOperator code(const tflite::Operator& op) const;
  // "CONV_2D", "custom operator 'Foo'", "builtin operator 175".
  std::string NameOf(const tflite::Operator& op) const;

  // The tensor's constant data; empty where it has none. Aligned for the tensor's type.
  SharedBytes Data(const tflite::Tensor& tensor) const;

  template <typename... Parts>
  [[noreturn]] void FailFile(const Parts&... parts) const {
    Fail(ErrorCode::kInvalidFile, source_, ": ", parts...);
  }
  template <typename... Parts>
  [[noreturn]] void FailUnsupported(const Parts&... parts) const {
    Fail(ErrorCode::kUnsupported, source_, ": ", parts...);
  }

 private:
  TfliteFile(std::shared_ptr<const AlignedBuffer> bytes, std::string source);
  static flatbuffers::uoffset_t Index(size_t i) { return static_cast<flatbuffers::uoffset_t>(i); }
  const tflite::OperatorCode& CodeTable(const tflite::Operator& op) const;
  void FindSubgraph();
  void CheckIndices() const;
  void CheckTensorIndices(const flatbuffers::Vector<int32_t>* indices, const std::string& what,
                          int32_t smallest) const;

  std::shared_ptr<const AlignedBuffer> bytes_;
  std::string source_;
  const tflite::Model* model_ = nullptr;
  const tflite::SubGraph* subgraph_ = nullptr;
};

}  // namespace integra::convert
