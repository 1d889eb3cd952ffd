#include "runtime/float/float_call.h"

namespace integra::floats {

#define OPERATOR(Name, text) void Float##Name(FloatCall& call);
#include "graph/operators.inc"
#undef OPERATOR

FloatFunction FloatFunctionOf(graph::OpType type) {
  static constexpr FloatFunction kFunctions[] = {
#define OPERATOR(Name, text) &Float##Name,
#include "graph/operators.inc"
#undef OPERATOR
  };
  return kFunctions[static_cast<size_t>(type)];
}

}  // namespace integra::floats
