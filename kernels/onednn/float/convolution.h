// oneDNN's float32 convolution and inner product: weights packed once, activation fused.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "kernels/float/convolution.h"

namespace integra::kernels {

// One layer, ready to run. Not thread-safe: it owns its scratch memory.
class OnednnFloatLayer {
 public:
  // Packs the weights (laid out as in kernels/float/convolution.h; not kept). `threads` is the
  // number of OpenMP threads that Run will work with. Null where oneDNN has no kernel for it.
  static std::unique_ptr<OnednnFloatLayer> Convolution(const FloatConvolution& p,
                                                       const float* weights, const float* bias,
                                                       int threads);
  static std::unique_ptr<OnednnFloatLayer> Matmul(const FloatMatmul& p, const float* weights,
                                                  const float* bias, int threads);
  ~OnednnFloatLayer();
  OnednnFloatLayer(const OnednnFloatLayer&) = delete;
  OnednnFloatLayer& operator=(const OnednnFloatLayer&) = delete;

  void Run(const float* src, float* dst);

  const std::string& kernel() const;  // oneDNN's name of it
  size_t bytes() const;               // packed weights

 private:
  struct State;
  explicit OnednnFloatLayer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace integra::kernels
