// Operators that move values without changing them.
#include "convert/tflite/families.h"

namespace integra::convert {

void ImportReshape(OperatorImport& o) {
  if (o.has_input(1)) {
    o.Set("shape", o.Constant(1));
  } else {
    const auto* const shape = o.options<tflite::ReshapeOptions>().new_shape();
    if (shape == nullptr) o.FailFile("has no shape");
    o.Set("shape", std::vector<int64_t>(shape->begin(), shape->end()));
  }
  o.KeepInputs({0});
}

// SQUEEZE, EXPAND_DIMS: the file says what comes out.
void ImportReshapeToOutput(OperatorImport& o) {
  o.Set("shape", o.output(0).shape);
  o.KeepInputs({0});
}

void ImportConcatenation(OperatorImport& o) {
  const auto& options = o.options<tflite::ConcatenationOptions>();
  if (options.activation() != tflite::Activation::NONE) {
    o.FailUnsupported("concatenation with a fused activation");
  }
  o.Set("axis", int64_t{options.axis()});
}

void ImportSplit(OperatorImport& o) {
  const int64_t parts = o.options<tflite::SplitOptions>().num_splits();
  if (parts != static_cast<int64_t>(o.node.outputs.size())) {
    o.FailFile(parts, " parts, but ", o.node.outputs.size(), " outputs");
  }
  o.Set("axis", o.ConstantScalar(0));
  o.KeepInputs({1});
}

void ImportPack(OperatorImport& o) {
  const auto& options = o.options<tflite::PackOptions>();
  if (options.values_count() != static_cast<int64_t>(o.node.inputs.size())) {
    o.FailFile(options.values_count(), " values, but ", o.node.inputs.size(), " inputs");
  }
  o.Set("axis", int64_t{options.axis()});
}

void ImportUnpack(OperatorImport& o) {
  const auto& options = o.options<tflite::UnpackOptions>();
  if (options.num() != static_cast<int64_t>(o.node.outputs.size())) {
    o.FailFile(options.num(), " values, but ", o.node.outputs.size(), " outputs");
  }
  o.Set("axis", int64_t{options.axis()});
}

void ImportTranspose(OperatorImport& o) {
  o.Set("perm", o.Constant(1));
  o.KeepInputs({0});
}

void ImportPad(OperatorImport& o) {
  o.Set("paddings", o.Constant(1));
  o.KeepInputs({0});
}

void ImportSlice(OperatorImport& o) {
  o.Set("begin", o.Constant(1));
  o.Set("size", o.Constant(2));
  o.KeepInputs({0});
}

void ImportPadv2(OperatorImport& o) {
  o.Set("paddings", o.Constant(1));
  o.KeepInputs({0, 2});
}

void ImportSplitV(OperatorImport& o) {
  const int64_t parts = o.options<tflite::SplitVOptions>().num_splits();
  if (parts != static_cast<int64_t>(o.node.outputs.size())) {
    o.FailFile(parts, " parts, but ", o.node.outputs.size(), " outputs");
  }
  o.Set("size_splits", o.Constant(1));
  o.Set("axis", o.ConstantScalar(2));
  o.KeepInputs({0});
}

void ImportStridedSlice(OperatorImport& o) {
  const auto& options = o.options<tflite::StridedSliceOptions>();
  if (options.offset()) o.FailUnsupported("'end' relative to 'begin'");
  o.Set("begin", o.Constant(1));
  o.Set("end", o.Constant(2));
  o.Set("strides", o.Constant(3));
  o.Set("begin_mask", int64_t{options.begin_mask()});
  o.Set("end_mask", int64_t{options.end_mask()});
  o.Set("ellipsis_mask", int64_t{options.ellipsis_mask()});
  o.Set("new_axis_mask", int64_t{options.new_axis_mask()});
  o.Set("shrink_axis_mask", int64_t{options.shrink_axis_mask()});
  o.KeepInputs({0});
}

void ImportGather(OperatorImport& o) {
  const auto& options = o.options<tflite::GatherOptions>();
  o.Set("axis", int64_t{options.axis()});
  o.Set("batch_dims", int64_t{options.batch_dims()});
}

void ImportSpaceToBatchNd(OperatorImport& o) {
  o.Set("block_shape", o.Constant(1));
  o.Set("paddings", o.Constant(2));
  o.KeepInputs({0});
}

void ImportBatchToSpaceNd(OperatorImport& o) {
  o.Set("block_shape", o.Constant(1));
  o.Set("crops", o.Constant(2));
  o.KeepInputs({0});
}

void ImportSpaceToDepth(OperatorImport& o) {
  o.Set("block_size", int64_t{o.options<tflite::SpaceToDepthOptions>().block_size()});
}

void ImportDepthToSpace(OperatorImport& o) {
  o.Set("block_size", int64_t{o.options<tflite::DepthToSpaceOptions>().block_size()});
}

}  // namespace integra::convert
