// The seam between the integer plan and nodes that are not integer: the runtime library knows only
// this interface, the tools library implements it (FloatIslands() in integra/float_session.hpp).
#pragma once

#include "runtime/lowering.h"

namespace integra {

class FloatNodes {
 public:
  virtual ~FloatNodes() = default;

  // Binds lowering.node, for which graph::IsFloatNode() holds, to a step with lowering.Emit().
  // Its quantized operands are in the plan's stored domain (int8 as q + 128); others are as they
  // are. The plan gives the step the address of every operand that is not a constant. Throws Error.
  virtual void Lower(runtime::Lowering& lowering) const = 0;
};

}  // namespace integra
