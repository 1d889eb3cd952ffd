#include "kernels/onednn/matmul.h"

#include <omp.h>

#include <array>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <vector>

#include "base/buffer.h"
#include "base/error.h"

namespace integra::kernels::onednn {
namespace {

using dnnl::memory;

const dnnl::engine& Engine() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

// Integra shares out tiles itself. Most of oneDNN's primitives fix their number of threads when
// they are made, those built on its GEMM ask again at each execution.
class OneThread {
 public:
  OneThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(before_); }

 private:
  const int before_;
};

// The difference between oneDNN 2.x and 3.x.
dnnl::matmul::primitive_desc Describe(const memory::desc& src, const memory::desc& weights,
                                      const memory::desc& dst, const dnnl::primitive_attr& attr) {
#if DNNL_VERSION_MAJOR >= 3
  return {Engine(), src, weights, dst, attr};
#else
  return {dnnl::matmul::desc(src, weights, dst), attr, Engine()};
#endif
}

}  // namespace

class Matmul::Impl {
 public:
  Impl(int64_t m, int64_t n, int64_t k, const int8_t* weights) try {
    const OneThread one_thread;
    using Tag = memory::format_tag;
    const memory::desc src({m, k}, memory::data_type::u8, Tag::ab);
    const memory::desc any({k, n}, memory::data_type::s8, Tag::any);
    const memory::desc dst({m, n}, memory::data_type::s32, Tag::ab);
    dnnl::primitive_attr attr;
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    pd_ = Describe(src, any, dst, attr);
    primitive_ = dnnl::matmul(pd_);
    implementation_ = pd_.impl_info_str();

    // [n][k] is the transpose of what matmul wants: format ba of {k, n}.
    const memory plain({{k, n}, memory::data_type::s8, Tag::ba}, Engine(),
                       const_cast<int8_t*>(weights));
    weights_ = AlignedBuffer(pd_.weights_desc().get_size());
    const memory packed(pd_.weights_desc(), Engine(), weights_.data());
    dnnl::stream stream(Engine());
    dnnl::reorder(plain, packed)
        .execute(stream, const_cast<memory&>(plain), const_cast<memory&>(packed));
    stream.wait();
  } catch (const dnnl::error& e) {
    Fail(ErrorCode::kSystem, "oneDNN cannot make a ", m, "x", n, "x", k, " matmul: ", e.what());
  }

  void Run(const uint8_t* src, int32_t* dst) const try {
    const OneThread one_thread;
    std::unique_ptr<Call> call = TakeCall();
    call->src.set_data_handle(const_cast<uint8_t*>(src));
    call->dst.set_data_handle(dst);
    // The C call: its arguments are an array, where C++ would copy a hash map at each execution.
    dnnl::error::wrap_c_api(
        dnnl_primitive_execute(primitive_.get(), call->stream.get(),
                               static_cast<int>(call->arguments.size()), call->arguments.data()),
        "could not execute");
    const std::lock_guard<std::mutex> lock(mutex_);
    idle_.push_back(std::move(call));
  } catch (const dnnl::error& e) {
    Fail(ErrorCode::kSystem, "oneDNN's matmul failed: ", e.what());
  }

  size_t bytes() const { return weights_.size(); }
  const std::string& implementation() const { return implementation_; }

 private:
  // oneDNN's handles for one call under way; kept for the next one.
  struct Call {
    dnnl::stream stream;
    memory src, dst, weights, scratchpad;
    AlignedBuffer scratchpad_bytes;
    std::array<dnnl_exec_arg_t, 4> arguments;
  };

  std::unique_ptr<Call> TakeCall() const {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!idle_.empty()) {
        std::unique_ptr<Call> call = std::move(idle_.back());
        idle_.pop_back();
        return call;
      }
    }
    auto call = std::make_unique<Call>();
    call->stream = dnnl::stream(Engine());
    call->src = memory(pd_.src_desc(), Engine(), nullptr);
    call->dst = memory(pd_.dst_desc(), Engine(), nullptr);
    call->weights = memory(pd_.weights_desc(), Engine(), weights_.data());
    call->scratchpad_bytes = AlignedBuffer(pd_.scratchpad_desc().get_size());
    call->scratchpad = memory(pd_.scratchpad_desc(), Engine(), call->scratchpad_bytes.data());
    call->arguments = {{{DNNL_ARG_SRC, call->src.get()},
                        {DNNL_ARG_WEIGHTS, call->weights.get()},
                        {DNNL_ARG_DST, call->dst.get()},
                        {DNNL_ARG_SCRATCHPAD, call->scratchpad.get()}}};
    return call;
  }

  dnnl::matmul::primitive_desc pd_;
  dnnl::matmul primitive_;
  std::string implementation_;
  AlignedBuffer weights_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Call>> idle_;
};

Matmul::Matmul(int64_t m, int64_t n, int64_t k, const int8_t* weights)
    : impl_(std::make_unique<Impl>(m, n, k, weights)) {}
Matmul::~Matmul() = default;
void Matmul::Run(const uint8_t* src, int32_t* dst) const { impl_->Run(src, dst); }
size_t Matmul::bytes() const { return impl_->bytes(); }
const std::string& Matmul::implementation() const { return impl_->implementation(); }

std::string Version() {
  const dnnl_version_t* v = dnnl_version();
  return StrCat(v->major, ".", v->minor, ".", v->patch);
}

}  // namespace integra::kernels::onednn
