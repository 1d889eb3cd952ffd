// Bad .tflite files are refused with an integra::Error that says where, and never crash the
// importer.
#include <doctest/doctest.h>

#include <functional>
#include <limits>

#include "convert/convert.h"
#include "convert/tflite_generated.h"
#include "tests/support/golden.h"
#include "tests/support/npy.h"
#include "tests/support/operator_models.h"
#include "tests/support/temporary_folder.h"

namespace integra::test {
namespace {

constexpr int32_t kHuge = std::numeric_limits<int32_t>::max();

// What the importer says about a file: "" where it takes it. Anything but integra::Error escapes
// and fails the test.
struct Refusal {
  std::string message;
  ErrorCode code = ErrorCode::kSystem;
};

Refusal Refused(const Bytes& file) {
  try {
    convert::ImportTflite(file, "test.tflite");
    return {};
  } catch (const Error& error) {
    return {error.what(), error.code()};
  }
}

bool Holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("All unsupported operators of a file are listed at once") {
  ModelT model = ConvolutionModel();
  AddOperator(model, tflite::BuiltinOperator::SVDF, {3}, {3});
  AddOperator(model, tflite::BuiltinOperator::CUSTOM, {3}, {3}, "Foo");
  AddOperator(model, static_cast<tflite::BuiltinOperator>(5000), {3}, {3});
  AddOperator(model, tflite::BuiltinOperator::SVDF, {3}, {3});
  const Refusal refusal = Refused(Build(model));
  CHECK(refusal.code == ErrorCode::kUnsupported);
  CHECK(Holds(refusal.message, "SVDF (node 1 and 1 more)"));
  CHECK(Holds(refusal.message, "custom operator 'Foo' (node 2)"));
  CHECK(Holds(refusal.message, "builtin operator 5000 (node 3)"));
}

TEST_CASE("The importer's hostile sample is refused by its operator's name") {
  const auto data = GoldenFolder();
  if (!data) return;
  const Refusal refusal = Refused(ReadBytes(*data / "invalid" / "model_invoking_error.tflite"));
  CHECK(refusal.code == ErrorCode::kUnsupported);
  CHECK(Holds(refusal.message, "custom operator"));
}

// One way to spoil the model of a convolution, and what the message has to hold.
struct Hostile {
  const char* name;
  std::function<void(tflite::ModelT&, tflite::SubGraphT&)> spoil;
  ErrorCode code;
  const char* says;
};

tflite::Conv2DOptionsT& OptionsOf(tflite::SubGraphT& g) {
  return *g.operators[0]->builtin_options.AsConv2DOptions();
}

const Hostile kHostile[] = {
    {"no subgraph", [](auto& m, auto&) { m.subgraphs.clear(); }, ErrorCode::kInvalidFile,
     "no subgraph"},
    {"two subgraphs",
     [](auto& m, auto&) { m.subgraphs.push_back(std::make_unique<tflite::SubGraphT>()); },
     ErrorCode::kUnsupported, "2 subgraphs"},
    {"other schema version", [](auto& m, auto&) { m.version = 4; }, ErrorCode::kUnsupported,
     "version 4"},
    {"no buffers", [](auto& m, auto&) { m.buffers.clear(); }, ErrorCode::kInvalidFile, "buffer"},
    {"buffer index", [](auto&, auto& g) { g.tensors[1]->buffer = 77; }, ErrorCode::kInvalidFile,
     "buffer 77"},
    {"data behind the file", [](auto& m, auto&) { m.buffers[1]->offset = 5000; },
     ErrorCode::kUnsupported, "behind"},
    {"input index", [](auto&, auto& g) { g.inputs[0] = 4; }, ErrorCode::kInvalidFile, "tensor 4"},
    {"negative input index", [](auto&, auto& g) { g.inputs[0] = -1; }, ErrorCode::kInvalidFile,
     "tensor -1"},
    {"output index", [](auto&, auto& g) { g.outputs[0] = kHuge; }, ErrorCode::kInvalidFile,
     "outputs"},
    {"operand index", [](auto&, auto& g) { g.operators[0]->inputs[1] = 4; },
     ErrorCode::kInvalidFile, "operator 0"},
    {"operand index -2", [](auto&, auto& g) { g.operators[0]->inputs[1] = -2; },
     ErrorCode::kInvalidFile, "operator 0"},
    {"result index", [](auto&, auto& g) { g.operators[0]->outputs[0] = -1; },
     ErrorCode::kInvalidFile, "operator 0"},
    {"operator code index", [](auto&, auto& g) { g.operators[0]->opcode_index = 9; },
     ErrorCode::kInvalidFile, "operator code 9"},
    {"no operands", [](auto&, auto& g) { g.operators[0]->inputs.clear(); }, ErrorCode::kInvalidFile,
     "operator 0"},
    {"no results", [](auto&, auto& g) { g.operators[0]->outputs.clear(); }, ErrorCode::kInvalidFile,
     "operator 0"},
    {"absent weights", [](auto&, auto& g) { g.operators[0]->inputs[1] = -1; },
     ErrorCode::kInvalidFile, "input 1"},
    {"unset operand",
     [](auto& m, auto& g) {
       g.tensors[2]->buffer = 0;
       (void)m;
     },
     ErrorCode::kInvalidFile, "bias"},
    {"node reads its own result", [](auto&, auto& g) { g.operators[0]->inputs[0] = 3; },
     ErrorCode::kInvalidFile, ""},
    {"node writes a constant", [](auto&, auto& g) { g.operators[0]->outputs[0] = 1; },
     ErrorCode::kInvalidFile, ""},
    {"node writes the input", [](auto&, auto& g) { g.operators[0]->outputs[0] = 0; },
     ErrorCode::kInvalidFile, ""},
    {"two writers",
     [](auto&, auto& g) {
       g.operators.push_back(std::make_unique<tflite::OperatorT>(*g.operators[0]));
     },
     ErrorCode::kInvalidFile, ""},
    {"options of another operator",
     [](auto&, auto& g) { g.operators[0]->builtin_options.Set(tflite::Pool2DOptionsT{}); },
     ErrorCode::kInvalidFile, "options"},
    {"no options", [](auto&, auto& g) { g.operators[0]->builtin_options.Reset(); },
     ErrorCode::kInvalidFile, "options"},
    {"stride 0", [](auto&, auto& g) { OptionsOf(g).stride_h = 0; }, ErrorCode::kInvalidFile,
     "stride"},
    {"negative stride", [](auto&, auto& g) { OptionsOf(g).stride_w = -1; }, ErrorCode::kInvalidFile,
     "stride"},
    {"huge stride", [](auto&, auto& g) { OptionsOf(g).stride_w = kHuge; }, ErrorCode::kInvalidFile,
     "conv_2d_0"},
    {"dilation 0", [](auto&, auto& g) { OptionsOf(g).dilation_w = 0; }, ErrorCode::kInvalidFile,
     "dilation"},
    {"huge dilation", [](auto&, auto& g) { OptionsOf(g).dilation_w = kHuge; },
     ErrorCode::kInvalidFile, "conv_2d_0"},
    {"unknown padding", [](auto&, auto& g) { OptionsOf(g).padding = tflite::Padding(7); },
     ErrorCode::kInvalidFile, "padding 7"},
    {"unknown activation", [](auto&, auto& g) { OptionsOf(g).activation = tflite::Activation(77); },
     ErrorCode::kInvalidFile, "activation 77"},
    {"fused tanh", [](auto&, auto& g) { OptionsOf(g).activation = tflite::Activation::TANH; },
     ErrorCode::kUnsupported, "TANH"},
    {"negative dimension", [](auto&, auto& g) { g.tensors[0]->shape[1] = -1; },
     ErrorCode::kInvalidFile, "dimension -1"},
    {"dimension 0", [](auto&, auto& g) { g.tensors[0]->shape[1] = 0; }, ErrorCode::kInvalidFile,
     ""},
    {"huge dimensions",
     [](auto&, auto& g) {
       g.tensors[0]->shape = {kHuge, kHuge, kHuge, kHuge};
     },
     ErrorCode::kUnsupported, "elements"},
    {"dimensions whose product wraps around to 0",
     [](auto&, auto& g) {
       g.tensors[0]->shape = {1 << 20, 1 << 20, 1 << 24};
     },
     ErrorCode::kUnsupported, "elements"},
    {"rank 9", [](auto&, auto& g) { g.tensors[0]->shape.assign(9, 1); }, ErrorCode::kUnsupported,
     "9 dimensions"},
    {"rank 3",
     [](auto&, auto& g) {
       g.tensors[0]->shape = {1, 5, 5};
     },
     ErrorCode::kInvalidFile, "4 dimensions"},
    {"scalar input", [](auto&, auto& g) { g.tensors[0]->shape.clear(); }, ErrorCode::kInvalidFile,
     "4 dimensions"},
    {"wrong result shape", [](auto&, auto& g) { g.tensors[3]->shape[2] = 4; },
     ErrorCode::kInvalidFile, "result"},
    {"data too short", [](auto& m, auto&) { m.buffers[1]->data.pop_back(); },
     ErrorCode::kInvalidFile, "17"},
    {"data too long", [](auto& m, auto&) { m.buffers[1]->data.push_back(1); },
     ErrorCode::kInvalidFile, "19"},
    {"weights shape",
     [](auto&, auto& g) {
       g.tensors[1]->shape = {2, 3, 1, 3};
     },
     ErrorCode::kInvalidFile, "conv_2d_0"},
    {"bias too short",
     [](auto& m, auto& g) {
       g.tensors[2]->shape = {1};
       m.buffers[2]->data.resize(4);
       g.tensors[2]->quantization = nullptr;
     },
     ErrorCode::kInvalidFile, "bias"},
    {"bias that overflows",
     [](auto& m, auto&) { m.buffers[2]->data = {255, 255, 255, 127, 0, 0, 0, 128}; },
     ErrorCode::kUnsupported, "conv_2d_0"},
    {"unknown type", [](auto&, auto& g) { g.tensors[0]->type = tflite::TensorType(99); },
     ErrorCode::kUnsupported, "99"},
    {"strings", [](auto&, auto& g) { g.tensors[0]->type = tflite::TensorType::STRING; },
     ErrorCode::kUnsupported, "STRING"},
    {"half precision activations",
     [](auto&, auto& g) { g.tensors[0]->type = tflite::TensorType::FLOAT16; },
     ErrorCode::kUnsupported, "FLOAT16"},
    {"sparse weights",
     [](auto&, auto& g) {
       g.tensors[1]->sparsity = std::make_unique<tflite::SparsityParametersT>();
     },
     ErrorCode::kUnsupported, "sparse"},
    {"custom quantization",
     [](auto&, auto& g) { g.tensors[1]->quantization->details.Set(tflite::CustomQuantizationT{}); },
     ErrorCode::kUnsupported, "quantization"},
    {"three scales", [](auto&, auto& g) { g.tensors[1]->quantization->scale.push_back(1); },
     ErrorCode::kInvalidFile, "3 scales"},
    {"three zero points",
     [](auto&, auto& g) {
       g.tensors[1]->quantization->zero_point = {0, 0, 0};
     },
     ErrorCode::kInvalidFile, "3 zero points"},
    {"scales along no dimension",
     [](auto&, auto& g) { g.tensors[1]->quantization->quantized_dimension = 4; },
     ErrorCode::kInvalidFile, "dimension 4"},
    {"scales along dimension -1",
     [](auto&, auto& g) { g.tensors[1]->quantization->quantized_dimension = -1; },
     ErrorCode::kInvalidFile, "dimension -1"},
    {"scale NaN",
     [](auto&, auto& g) {
       g.tensors[0]->quantization->scale[0] = std::numeric_limits<float>::quiet_NaN();
     },
     ErrorCode::kInvalidFile, "scale"},
    {"scale infinite",
     [](auto&, auto& g) {
       g.tensors[0]->quantization->scale[0] = std::numeric_limits<float>::infinity();
     },
     ErrorCode::kInvalidFile, "scale"},
    {"scale negative", [](auto&, auto& g) { g.tensors[0]->quantization->scale[0] = -1; },
     ErrorCode::kInvalidFile, "scale"},
    {"scale 0", [](auto&, auto& g) { g.tensors[3]->quantization->scale[0] = 0; },
     ErrorCode::kInvalidFile, ""},
    {"zero point outside of the type",
     [](auto&, auto& g) { g.tensors[0]->quantization->zero_point[0] = 300; },
     ErrorCode::kInvalidFile, "zero point"},
    {"huge zero point",
     [](auto&, auto& g) {
       g.tensors[0]->quantization->zero_point[0] = std::numeric_limits<int64_t>::max();
     },
     ErrorCode::kInvalidFile, "zero point"},
    {"weights without a scale", [](auto&, auto& g) { g.tensors[1]->quantization = nullptr; },
     ErrorCode::kInvalidFile, "conv_2d_0"},
    {"input without a scale", [](auto&, auto& g) { g.tensors[0]->quantization = nullptr; },
     ErrorCode::kInvalidFile, ""},
    {"a variable", [](auto&, auto& g) { g.tensors[2]->is_variable = true; },
     ErrorCode::kInvalidFile, "variable"},
};

TEST_CASE("A spoilt field is refused with a message that names it") {
  for (const Hostile& hostile : kHostile) {
    CAPTURE(std::string(hostile.name));
    ModelT model = ConvolutionModel();
    hostile.spoil(*model, *model->subgraphs[0]);
    const Refusal refusal = Refused(Build(model));
    CAPTURE(refusal.message);
    CHECK(refusal.message != "");
    CHECK(Holds(refusal.message, "test.tflite"));
    CHECK(Holds(refusal.message, hostile.says));
    CHECK(refusal.code == hostile.code);
  }
}

TEST_CASE("Parameters that are not constant or make no sense are refused") {
  ModelT dynamic = ReshapeModel({4, -1});
  dynamic->subgraphs[0]->tensors[1]->buffer = 0;
  dynamic->subgraphs[0]->inputs.push_back(1);
  CHECK(Holds(Refused(Build(dynamic)).message, "has to be a constant"));
  for (const std::vector<int32_t>& shape : std::vector<std::vector<int32_t>>{
           {-1, -1}, {5, -1}, {3, 5}, {0, 16}, {-2, 8}, {kHuge, kHuge, kHuge, -1}, {16, 16}}) {
    CAPTURE(shape[0]);
    CHECK(Refused(Build(ReshapeModel(shape))).code == ErrorCode::kInvalidFile);
  }
}

TEST_CASE("Empty, short and foreign files are refused") {
  CHECK(Holds(Refused({}).message, "0 bytes"));
  CHECK(Holds(Refused(Bytes(8)).message, "8 bytes"));
  CHECK(Holds(Refused(Bytes(1000)).message, "TFL3"));
  Bytes file = Build(ConvolutionModel());
  file[5] = std::byte{'X'};
  CHECK(Holds(Refused(file).message, "TFL3"));
  CHECK_THROWS_AS(convert::ImportTflite(std::filesystem::path("/nonexistent/a.tflite")), Error);
  CHECK_THROWS_AS(convert::ImportTflite(std::filesystem::temp_directory_path()), Error);
  // A file without blocks on the disk.
  const TemporaryFolder folder;
  const auto huge = folder.Write("huge.tflite", "");
  std::filesystem::resize_file(huge, uint64_t{1} << 31);
  CHECK_THROWS_WITH_AS(convert::ImportTflite(huge), doctest::Contains("larger than 2 GB"), Error);
}

TEST_CASE("A file cut off anywhere is refused") {
  const Bytes file = Build(ConvolutionModel());
  for (size_t size = 0; size < file.size(); ++size) {
    CAPTURE(size);
    const Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
    if (Refused(cut).message == "") FAIL_CHECK("accepted");
  }
}

// Every byte in turn becomes each of a few values that offsets, counts and indices do not like.
// Some of the files stay valid; the point is that nothing but integra::Error comes out.
void FlipBytes(const Bytes& original) {
  Bytes file = original;
  for (size_t i = 0; i < file.size(); ++i) {
    const std::byte kept = file[i];
    for (const int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
      file[i] = static_cast<std::byte>(value);
      Refused(file);
    }
    file[i] = kept ^ std::byte{4};
    Refused(file);
    file[i] = kept;
  }
}

TEST_CASE("A file with any byte changed is refused or imported, never worse") {
  FlipBytes(Build(ConvolutionModel()));
  FlipBytes(Build(ReshapeModel({4, -1})));
  const auto data = GoldenFolder();
  if (!data) return;
  FlipBytes(ReadBytes(*data / "models" / "split_concat.tflite"));
}

TEST_CASE("Bytes behind the end do no harm") {
  Bytes file = Build(ConvolutionModel());
  file.resize(file.size() + 100);
  CHECK(Refused(file).message == "");
}

}  // namespace
}  // namespace integra::test
