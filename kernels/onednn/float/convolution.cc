#include "kernels/onednn/float/convolution.h"

#include <omp.h>

#include <cmath>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "oneapi/dnnl/dnnl.hpp"

namespace integra::kernels {
namespace {

using dnnl::memory;
constexpr auto kF32 = memory::data_type::f32;
using Tag = memory::format_tag;

const dnnl::engine& Engine() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

// Sets the OpenMP thread count of the calling thread and restores it. oneDNN reads it when a
// primitive is made and when it runs, and both must agree.
class OmpThreads {
 public:
  explicit OmpThreads(int threads) : before_(omp_get_max_threads()) {
    if (threads != before_) omp_set_num_threads(threads);
    changed_ = threads != before_;
  }
  ~OmpThreads() {
    if (changed_) omp_set_num_threads(before_);
  }
  OmpThreads(const OmpThreads&) = delete;
  OmpThreads& operator=(const OmpThreads&) = delete;

 private:
  int before_;
  bool changed_;
};

// The clamp as a fused operation. Nothing where it has no bounds.
dnnl::primitive_attr Attributes(float low, float high) {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (std::isinf(low) && std::isinf(high)) return attributes;
  const bool relu = low == 0 && std::isinf(high);
  const auto algorithm = relu ? dnnl::algorithm::eltwise_relu : dnnl::algorithm::eltwise_clip;
  const float alpha = relu ? 0 : low;
  const float beta = relu ? 0 : high;
  dnnl::post_ops operations;
#if DNNL_VERSION_MAJOR >= 3
  operations.append_eltwise(algorithm, alpha, beta);
#else
  operations.append_eltwise(1.0f, algorithm, alpha, beta);
#endif
  attributes.set_post_ops(operations);
  return attributes;
}

dnnl::convolution_forward::primitive_desc Describe(
    const FloatConvolution& p, const memory::desc& src, const memory::desc& weights,
    const memory::desc& bias, const memory::desc& dst, const dnnl::primitive_attr& attributes) {
  const auto kind = dnnl::prop_kind::forward_inference;
  const auto algorithm = dnnl::algorithm::convolution_direct;
  const auto behind = [](int64_t in, int64_t out, int64_t stride, int64_t filter, int64_t dilation,
                         int64_t before) {
    return (out - 1) * stride + (filter - 1) * dilation + 1 - in - before;
  };
  const memory::dims strides = {p.stride_h, p.stride_w};
  const memory::dims dilations = {p.dilation_h - 1, p.dilation_w - 1};
  const memory::dims before = {p.pad_top, p.pad_left};
  const memory::dims after = {
      behind(p.in_h, p.out_h, p.stride_h, p.filter_h, p.dilation_h, p.pad_top),
      behind(p.in_w, p.out_w, p.stride_w, p.filter_w, p.dilation_w, p.pad_left)};
#if DNNL_VERSION_MAJOR >= 3
  return {Engine(), kind,    algorithm, src,    weights, bias,
          dst,      strides, dilations, before, after,   attributes};
#else
  return {{kind, algorithm, src, weights, bias, dst, strides, dilations, before, after},
          attributes,
          Engine()};
#endif
}

dnnl::inner_product_forward::primitive_desc Describe(const memory::desc& src,
                                                     const memory::desc& weights,
                                                     const memory::desc& bias,
                                                     const memory::desc& dst,
                                                     const dnnl::primitive_attr& attributes) {
  const auto kind = dnnl::prop_kind::forward_inference;
#if DNNL_VERSION_MAJOR >= 3
  return {Engine(), kind, src, weights, bias, dst, attributes};
#else
  return {{kind, src, weights, bias, dst}, attributes, Engine()};
#endif
}

}  // namespace

struct OnednnFloatLayer::State {
  dnnl::stream stream{Engine()};
  dnnl::primitive primitive;
  memory src, weights, bias, dst, scratch;
  std::unordered_map<int, memory> arguments;
  std::string kernel;
  int threads = 1;

  // Packs the weights into the layout that the primitive chose and binds all arguments.
  template <typename PrimitiveDesc>
  void Bind(const PrimitiveDesc& pd, dnnl::primitive made, const memory::desc& plain_weights,
            const float* weight_data, const float* bias_data, int64_t out_c) {
    primitive = std::move(made);
    kernel = pd.impl_info_str();
    src = memory(pd.src_desc(), Engine(), nullptr);
    dst = memory(pd.dst_desc(), Engine(), nullptr);
    weights = memory(pd.weights_desc(), Engine());
    bias = memory(pd.bias_desc(), Engine());
    scratch = memory(pd.scratchpad_desc(), Engine());
    memory plain(plain_weights, Engine(), const_cast<float*>(weight_data));
    dnnl::reorder(plain, weights).execute(stream, plain, weights);
    auto* bias_to = static_cast<float*>(bias.get_data_handle());
    const size_t bias_bytes = static_cast<size_t>(out_c) * sizeof(float);
    if (bias_data == nullptr) {
      std::memset(bias_to, 0, bias_bytes);
    } else {
      std::memcpy(bias_to, bias_data, bias_bytes);
    }
    stream.wait();
    arguments = {{DNNL_ARG_SRC, src},
                 {DNNL_ARG_WEIGHTS, weights},
                 {DNNL_ARG_BIAS, bias},
                 {DNNL_ARG_DST, dst},
                 {DNNL_ARG_SCRATCHPAD, scratch}};
  }
};

OnednnFloatLayer::OnednnFloatLayer(std::unique_ptr<State> state) : state_(std::move(state)) {}
OnednnFloatLayer::~OnednnFloatLayer() = default;

std::unique_ptr<OnednnFloatLayer> OnednnFloatLayer::Convolution(const FloatConvolution& p,
                                                                const float* weights,
                                                                const float* bias, int threads) {
  try {
    const OmpThreads omp(threads);
    auto state = std::make_unique<State>();
    state->threads = threads;
    const memory::desc src({p.batch, p.in_c, p.in_h, p.in_w}, kF32, Tag::nhwc);
    const memory::desc dst({p.batch, p.out_c, p.out_h, p.out_w}, kF32, Tag::nhwc);
    const memory::desc bias_desc({p.out_c}, kF32, Tag::x);
    const int64_t depth = p.in_c / p.groups;
    const int64_t made = p.out_c / p.groups;  // output channels per group
    // Strides of the plain layout, over dimensions [group,] output, input, height, width.
    memory::dims dims = {made, depth, p.filter_h, p.filter_w};
    memory::dims strides =
        p.depthwise ? memory::dims{1, 1, p.filter_w * p.out_c, p.out_c}
                    : memory::dims{p.filter_h * p.filter_w * depth, 1, p.filter_w * depth, depth};
    const bool grouped = p.groups > 1;
    if (grouped) {
      strides.insert(strides.begin(), made * strides[0]);
      dims.insert(dims.begin(), p.groups);
    }
    const memory::desc plain(dims, kF32, strides);
    const memory::desc any(dims, kF32, Tag::any);
    const auto pd = Describe(p, src, any, bias_desc, dst, Attributes(p.low, p.high));
    state->Bind(pd, dnnl::convolution_forward(pd), plain, weights, bias, p.out_c);
    return std::unique_ptr<OnednnFloatLayer>(new OnednnFloatLayer(std::move(state)));
  } catch (const dnnl::error&) {
    return nullptr;
  }
}

std::unique_ptr<OnednnFloatLayer> OnednnFloatLayer::Matmul(const FloatMatmul& p,
                                                           const float* weights, const float* bias,
                                                           int threads) {
  try {
    const OmpThreads omp(threads);
    auto state = std::make_unique<State>();
    state->threads = threads;
    const memory::desc src({p.m, p.k}, kF32, Tag::ab);
    const memory::desc dst({p.m, p.n}, kF32, Tag::ab);
    const memory::desc bias_desc({p.n}, kF32, Tag::x);
    const memory::desc plain({p.n, p.k}, kF32, Tag::ab);
    const memory::desc any({p.n, p.k}, kF32, Tag::any);
    const auto pd = Describe(src, any, bias_desc, dst, Attributes(p.low, p.high));
    state->Bind(pd, dnnl::inner_product_forward(pd), plain, weights, bias, p.n);
    return std::unique_ptr<OnednnFloatLayer>(new OnednnFloatLayer(std::move(state)));
  } catch (const dnnl::error&) {
    return nullptr;
  }
}

void OnednnFloatLayer::Run(const float* src, float* dst) {
  try {
    const OmpThreads omp(state_->threads);
    state_->src.set_data_handle(const_cast<float*>(src));
    state_->dst.set_data_handle(dst);
    state_->primitive.execute(state_->stream, state_->arguments);
    state_->stream.wait();
  } catch (const dnnl::error& error) {
    Fail(ErrorCode::kSystem, "oneDNN's ", state_->kernel, " failed: ", error.what());
  }
}

const std::string& OnednnFloatLayer::kernel() const { return state_->kernel; }
size_t OnednnFloatLayer::bytes() const { return state_->weights.get_desc().get_size(); }

}  // namespace integra::kernels
