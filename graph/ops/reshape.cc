// Schema of reshape.
#include "graph/schema.h"

namespace integra::graph {
namespace {

void Infer(InferContext& c) {
  Shape shape = c.node().integers("shape");
  const int64_t count = ElementCount(c.input(0).shape);
  int64_t known = 1;
  int64_t* open = nullptr;
  for (int64_t& dim : shape) {
    if (dim == -1) {
      if (open != nullptr) c.FailFile("attribute 'shape' has more than one -1");
      open = &dim;
    } else if (dim < 1) {
      c.FailFile("attribute 'shape' holds ", dim);
    } else if (known > count / dim) {
      c.FailFile("attribute 'shape' asks for more than the input's ", count, " elements");
    } else {
      known *= dim;
    }
  }
  if (open != nullptr) *open = count / known;
  if (ElementCount(shape) != count) {
    c.FailFile("cannot reshape ", ToString(c.input(0).shape), " to ", ToString(shape));
  }
  if (!(c.input(0).quantization == c.output(0).quantization)) {
    c.FailFile("input and output differ in scale, zero point or range");
  }
  c.SetOutput(0, c.input(0).dtype, std::move(shape));
}

}  // namespace

extern const OperatorSchema kReshapeSchema = {
    "the same elements in another shape",
    1,
    1,
    1,
    1,
    {{"shape", AttributeType::kIntegers, "new shape; one dimension may be -1", true}},
    Infer};

}  // namespace integra::graph
