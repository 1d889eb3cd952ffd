#include "kernels/dynamic_stage.h"

namespace integra::kernels {

ChannelExtremesFunction ChooseChannelExtremes(Isa isa) {
#ifdef INTEGRA_X86
  if (isa >= Isa::kAvx2) return ChannelExtremesAvx2;
  if (isa >= Isa::kSse41) return ChannelExtremesSse41;
#endif
  (void)isa;
  return ChannelExtremesReference;
}

}  // namespace integra::kernels
