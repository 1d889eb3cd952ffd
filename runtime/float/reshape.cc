#include <cstring>

#include "runtime/float/float_call.h"

namespace integra::floats {

void FloatReshape(FloatCall& call) {
  const FloatTensor& to = call.outputs[0];
  std::memcpy(to.data, call.inputs[0].data, static_cast<size_t>(to.count()) * SizeOf(to.dtype));
}

}  // namespace integra::floats
