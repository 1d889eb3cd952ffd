// Checks of quantized operands that element-wise and data movement operators share.
#pragma once

#include "graph/schema.h"

namespace integra::graph {

// `tensor` is int8, uint8 or int16 with one scale for the whole tensor.
void RequireOneScale(const InferContext& context, const Tensor& tensor);
// Output `output` has the scale and zero point of input `input`: the operator moves values only.
void RequireSameQuantization(const InferContext& context, size_t input, size_t output);
// A 16-bit tensor is symmetric: its zero point is 0.
void RequireSymmetric16(const InferContext& context, const Tensor& tensor);
// Checks the attributes "multiplier" and "shift" named so, `count` values each.
void CheckMultipliers(const InferContext& context, const char* multiplier, const char* shift,
                      size_t count);

// The attribute "activation": none | relu | relu6 | relu_n1_to_1.
AttributeSchema ActivationAttribute();
AttributeSchema DerivedIntegers(const char* name, const char* doc);

}  // namespace integra::graph
