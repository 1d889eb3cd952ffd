#include "convert/tflite/model_file.h"

#include <fstream>
#include <limits>

namespace integra::convert {
namespace {

// FlatBuffers address with 31 bits.
constexpr uint64_t kMaxFileBytes = std::numeric_limits<int32_t>::max();
// Far above real networks; they bound the time that a hostile file can cost.
constexpr int kMaxDepth = 32;
constexpr int kMaxTables = 1'000'000;

std::shared_ptr<AlignedBuffer> Copy(std::span<const std::byte> file) {
  auto bytes = std::make_shared<AlignedBuffer>(file.size());
  if (!file.empty()) std::memcpy(bytes->data(), file.data(), file.size());
  return bytes;
}

std::shared_ptr<AlignedBuffer> ReadWhole(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status))
    Fail(ErrorCode::kInvalidFile, path.string(), ": no such file");
  if (!std::filesystem::is_regular_file(status)) {
    Fail(ErrorCode::kInvalidFile, path.string(), ": not a file");
  }
  const uint64_t size = std::filesystem::file_size(path, error);
  if (error) Fail(ErrorCode::kSystem, path.string(), ": ", error.message());
  if (size > kMaxFileBytes) {
    Fail(ErrorCode::kUnsupported, path.string(), ": larger than 2 GB");
  }
  auto bytes = std::make_shared<AlignedBuffer>(size);
  std::ifstream in(path, std::ios::binary);
  if (!in.read(bytes->data<char>(), static_cast<std::streamsize>(size))) {
    Fail(ErrorCode::kSystem, path.string(), ": cannot be read");
  }
  return bytes;
}

}  // namespace

TfliteFile TfliteFile::Read(const std::filesystem::path& path) {
  return TfliteFile(ReadWhole(path), path.string());
}

TfliteFile::TfliteFile(std::span<const std::byte> file, std::string source)
    : TfliteFile(Copy(file), std::move(source)) {}

TfliteFile::TfliteFile(std::shared_ptr<const AlignedBuffer> bytes, std::string source)
    : bytes_(std::move(bytes)), source_(std::move(source)) {
  // Root offset, identifier, and the smallest vtable and table.
  constexpr size_t kSmallest = 16;
  if (bytes_->size() < kSmallest) {
    FailFile("only ", bytes_->size(), " bytes long: empty or truncated");
  }
  if (bytes_->size() > kMaxFileBytes) FailUnsupported("larger than 2 GB");
  if (!tflite::ModelBufferHasIdentifier(bytes_->data())) {
    FailFile("not a .tflite file: bytes 4 to 7 are not \"TFL3\"");
  }
  flatbuffers::Verifier verifier(bytes_->data<uint8_t>(), bytes_->size(), kMaxDepth, kMaxTables);
  if (!tflite::VerifyModelBuffer(verifier)) {
    FailFile("damaged: an offset or a length in it points outside of the file");
  }
  model_ = tflite::GetModel(bytes_->data());
  FindSubgraph();
  CheckIndices();
}

void TfliteFile::CheckTensorIndices(const flatbuffers::Vector<int32_t>* indices,
                                    const std::string& what, int32_t smallest) const {
  if (indices == nullptr) FailFile(what, " are missing");
  for (const int32_t index : *indices) {
    if (index < smallest || index >= static_cast<int64_t>(tensor_count())) {
      FailFile(what, ": tensor ", index, " does not exist, there are ", tensor_count());
    }
  }
}

void TfliteFile::FindSubgraph() {
  const auto* const subgraphs = model_->subgraphs();
  if (model_->version() != 3) FailUnsupported("schema version ", model_->version(), ", not 3");
  if (subgraphs == nullptr || subgraphs->size() == 0) FailFile("no subgraph");
  if (subgraphs->size() != 1) {
    FailUnsupported(subgraphs->size(), " subgraphs (control flow or several entry points); ",
                    "export a network with one");
  }
  subgraph_ = subgraphs->Get(0);
  if (subgraph_->tensors() == nullptr || subgraph_->operators() == nullptr ||
      model_->operator_codes() == nullptr) {
    FailFile("no tensors, operators or operator codes");
  }
}

void TfliteFile::CheckIndices() const {
  const size_t buffers = model_->buffers() == nullptr ? 0 : model_->buffers()->size();
  for (size_t i = 0; i < tensor_count(); ++i) {
    if (tensor(i).buffer() != 0 && tensor(i).buffer() >= buffers) {
      FailFile("tensor ", i, ": buffer ", tensor(i).buffer(), " does not exist, there are ",
               buffers);
    }
  }
  CheckTensorIndices(subgraph_->inputs(), "inputs", 0);
  CheckTensorIndices(subgraph_->outputs(), "outputs", 0);
  for (size_t i = 0; i < operator_count(); ++i) {
    if (op(i).opcode_index() >= model_->operator_codes()->size()) {
      FailFile("operator ", i, ": operator code ", op(i).opcode_index(),
               " does not exist, there are ", model_->operator_codes()->size());
    }
    CheckTensorIndices(op(i).inputs(), StrCat("operator ", i, ", inputs"), -1);
    CheckTensorIndices(op(i).outputs(), StrCat("operator ", i, ", outputs"), 0);
    if (op(i).intermediates() != nullptr) {
      CheckTensorIndices(op(i).intermediates(), StrCat("operator ", i, ", intermediates"), -1);
    }
  }
}

const tflite::OperatorCode& TfliteFile::CodeTable(const tflite::Operator& op) const {
  return *model_->operator_codes()->Get(op.opcode_index());
}

tflite::BuiltinOperator TfliteFile::code(const tflite::Operator& op) const {
  // Older files know only the first, 8 bits wide; newer ones put 127 there where it is too narrow.
  const auto& table = CodeTable(op);
  const auto narrow = static_cast<tflite::BuiltinOperator>(table.deprecated_builtin_code());
  return std::max(narrow, table.builtin_code());
}

std::string TfliteFile::NameOf(const tflite::Operator& op) const {
  const tflite::BuiltinOperator builtin = code(op);
  if (builtin == tflite::BuiltinOperator::CUSTOM) {
    const auto* const custom = CodeTable(op).custom_code();
    return StrCat("custom operator '", custom == nullptr ? "" : custom->c_str(), "'");
  }
  const std::string name = tflite::EnumNameBuiltinOperator(builtin);
  return name.empty() ? StrCat("builtin operator ", static_cast<int>(builtin)) : name;
}

SharedBytes TfliteFile::Data(const tflite::Tensor& tensor) const {
  if (tensor.buffer() == 0) return {};  // by definition of the format
  const tflite::Buffer& buffer = *model_->buffers()->Get(tensor.buffer());
  if (buffer.offset() > 1 || buffer.size() > 1) {
    FailUnsupported("buffer ", tensor.buffer(), " lies behind the FlatBuffer (a file above 2 GB)");
  }
  if (buffer.data() == nullptr || buffer.data()->size() == 0) return {};
  const auto bytes = std::as_bytes(std::span(buffer.data()->data(), buffer.data()->size()));
  // The format aligns buffers to 16 bytes, but the verifier does not insist.
  if (reinterpret_cast<uintptr_t>(bytes.data()) % sizeof(int64_t) == 0) return {bytes_, bytes};
  return SharedBytes::Own(std::vector<std::byte>(bytes.begin(), bytes.end()));
}

}  // namespace integra::convert
