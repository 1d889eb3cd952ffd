// The C interface over the C++ one: handles, status codes, no exceptions.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "base/error.h"
#include "integra/integra.h"
#include "integra/integra.hpp"
#include "runtime/c_api_handles.h"

namespace integra::runtime {
namespace {

static_assert(static_cast<int>(DataType::kFloat32) == INTEGRA_FLOAT32);
static_assert(static_cast<int>(DataType::kInt8) == INTEGRA_INT8);
static_assert(static_cast<int>(DataType::kUInt8) == INTEGRA_UINT8);
static_assert(static_cast<int>(DataType::kInt16) == INTEGRA_INT16);
static_assert(static_cast<int>(DataType::kInt32) == INTEGRA_INT32);
static_assert(static_cast<int>(DataType::kInt64) == INTEGRA_INT64);
static_assert(static_cast<int>(DataType::kBool) == INTEGRA_BOOL);
static_assert(static_cast<int>(ErrorCode::kInvalidArgument) == INTEGRA_INVALID_ARGUMENT);
static_assert(static_cast<int>(ErrorCode::kInvalidFile) == INTEGRA_INVALID_FILE);
static_assert(static_cast<int>(ErrorCode::kUnsupported) == INTEGRA_UNSUPPORTED);
static_assert(static_cast<int>(ErrorCode::kSystem) == INTEGRA_SYSTEM);
static_assert(static_cast<int>(ErrorCode::kCancelled) == INTEGRA_CANCELLED);

// Sizes that the first version of the interface knew: smaller structures are misuse.
constexpr size_t kFirstOptionsSize = offsetof(integra_session_options, pool);
constexpr size_t kFirstInfoSize = sizeof(integra_tensor_info);
constexpr size_t kFirstMemorySize = sizeof(integra_memory_use);

// A buffer of fixed size: reporting that memory is exhausted must not need any.
thread_local char last_error[2048] = "";

void SetLastError(const char* message) {
  std::snprintf(last_error, sizeof(last_error), "%s", message);
}

// Calls f() and turns whatever it throws into a status.
template <typename F>
integra_status Guard(const F& f) noexcept {
  try {
    f();
    return INTEGRA_OK;
  } catch (const Error& error) {
    SetLastError(error.what());
    return static_cast<integra_status>(error.code());
  } catch (const std::bad_alloc&) {
    SetLastError("out of memory");
    return INTEGRA_SYSTEM;
  } catch (const std::exception& error) {
    SetLastError(error.what());
    return INTEGRA_INTERNAL;
  } catch (...) {
    SetLastError("unknown exception");
    return INTEGRA_INTERNAL;
  }
}

template <typename... Parts>
[[noreturn]] void Misuse(const Parts&... parts) {
  Fail(ErrorCode::kInvalidArgument, parts...);
}

void RequirePointer(const void* pointer, const char* what) {
  if (pointer == nullptr) Misuse(what, " is null");
}

void RequireStructSize(size_t size, size_t smallest, const char* what) {
  if (size < smallest) {
    Misuse(what, "->struct_size is ", size, ", must be sizeof of the structure, at least ",
           smallest);
  }
}

struct SessionState {
  SessionState(const Network& network, const SessionOptions& options)
      : session(network, options),
        inputs(session.inputs().size()),
        outputs(session.outputs().size()) {}

  Session session;
  std::atomic_flag busy = ATOMIC_FLAG_INIT;
  // Here so that running allocates nothing.
  std::vector<std::span<const std::byte>> inputs;
  std::vector<std::span<std::byte>> outputs;
  std::vector<NodeProfile> profile;
};

// Never destroyed: handles may be freed by destructors of the program's own static objects.
HandleTable<integra_network, const Network>& Networks() {
  static auto& table = *new HandleTable<integra_network, const Network>;
  return table;
}
HandleTable<integra_thread_pool, ThreadPool>& ThreadPools() {
  static auto& table = *new HandleTable<integra_thread_pool, ThreadPool>;
  return table;
}
HandleTable<integra_session, SessionState>& Sessions() {
  static auto& table = *new HandleTable<integra_session, SessionState>;
  return table;
}

std::shared_ptr<const Network> FindNetwork(const integra_network* handle) {
  RequirePointer(handle, "network");
  auto found = Networks().Find(handle);
  if (found == nullptr) Misuse("network is not the handle of a living network");
  return found;
}

std::shared_ptr<SessionState> FindSession(const integra_session* handle) {
  RequirePointer(handle, "session");
  auto found = Sessions().Find(handle);
  if (found == nullptr) Misuse("session is not the handle of a living session");
  return found;
}

std::shared_ptr<ThreadPool> FindThreadPool(const integra_thread_pool* handle) {
  auto found = ThreadPools().Find(handle);
  if (found == nullptr) Misuse("pool is not the handle of a living thread pool");
  return found;
}

// Marks a session as in use, for as long as it lives.
class InUse {
 public:
  explicit InUse(SessionState& state) : state_(state) {
    if (state.busy.test_and_set(std::memory_order_acquire)) {
      Misuse("session is in use by another thread; make one session for each thread");
    }
  }
  ~InUse() { state_.busy.clear(std::memory_order_release); }
  InUse(const InUse&) = delete;
  InUse& operator=(const InUse&) = delete;

 private:
  SessionState& state_;
};

SessionOptions ToOptions(const integra_session_options& from) {
  SessionOptions options;
  options.threads = from.threads;
  options.batch = from.batch;
  if (from.max_isa != nullptr) options.max_isa = from.max_isa;
  if (from.gemm != nullptr) options.gemm = from.gemm;
  options.keep_all_tensors = from.keep_tensors != 0;
  options.profile = from.profile != 0;
  if (from.pool != nullptr) options.pool = FindThreadPool(from.pool);
  if (from.tuning != nullptr) options.tuning = from.tuning;
  if (from.should_stop != nullptr) {
    options.should_stop = [stop = from.should_stop, context = from.should_stop_context] {
      return stop(context) != 0;
    };
  }
  return options;
}

void DescribeTensor(const std::vector<TensorInfo>& tensors, size_t index,
                    integra_tensor_info* info) {
  RequirePointer(info, "info");
  RequireStructSize(info->struct_size, kFirstInfoSize, "info");
  if (index >= tensors.size()) Misuse("index is ", index, ", there are ", tensors.size());
  const TensorInfo& tensor = tensors[index];
  integra_tensor_info filled = {};
  filled.struct_size = info->struct_size;
  filled.name = tensor.name.c_str();
  filled.dtype = static_cast<integra_dtype>(tensor.dtype);
  filled.rank = static_cast<int32_t>(tensor.shape.size());
  filled.shape = tensor.shape.data();
  filled.bytes = static_cast<size_t>(ElementCount(tensor.shape)) * SizeOf(tensor.dtype);
  filled.scale_count = static_cast<int32_t>(tensor.quantization.scale.size());
  filled.axis = tensor.quantization.axis;
  filled.scales = tensor.quantization.scale.data();
  filled.zero_points = tensor.quantization.zero_point.data();
  std::memcpy(info, &filled, std::min(info->struct_size, sizeof(filled)));
}

template <typename Byte, typename Buffer>
void Collect(const Buffer* buffers, size_t count, const char* what,
             std::vector<std::span<Byte>>& spans) {
  if (count != spans.size()) {
    Misuse(what, "_count is ", count, ", the network has ", spans.size());
  }
  if (count > 0) RequirePointer(buffers, what);
  for (size_t i = 0; i < count; ++i) {
    if (buffers[i].data == nullptr && buffers[i].bytes > 0) {
      Misuse(what, " ", i, " has no data but ", buffers[i].bytes, " bytes");
    }
    spans[i] = {static_cast<Byte*>(buffers[i].data), buffers[i].bytes};
  }
}

}  // namespace
}  // namespace integra::runtime

using namespace integra::runtime;  // NOLINT: this file is the C interface

int32_t integra_api_version(void) { return INTEGRA_API_VERSION; }

const char* integra_version(void) { return integra::Version(); }

const char* integra_last_error(void) { return last_error; }

integra_status integra_network_load(const char* path, integra_network** network) {
  return Guard([&] {
    RequirePointer(path, "path");
    RequirePointer(network, "network");
    *network =
        Networks().Add(std::make_shared<const integra::Network>(integra::Network::Load(path)));
  });
}

integra_status integra_network_free(integra_network* network) {
  return Guard([&] {
    if (network == nullptr) return;
    if (Networks().Remove(network) == nullptr) {
      Misuse("network is not the handle of a living network; was it freed before?");
    }
  });
}

integra_status integra_network_name(const integra_network* network, const char** name) {
  return Guard([&] {
    RequirePointer(name, "name");
    *name = FindNetwork(network)->name().c_str();
  });
}

integra_status integra_thread_pool_create(int32_t threads, integra_thread_pool** pool) {
  return Guard([&] {
    RequirePointer(pool, "pool");
    *pool = ThreadPools().Add(integra::MakeThreadPool(threads));
  });
}

integra_status integra_thread_pool_free(integra_thread_pool* pool) {
  return Guard([&] {
    if (pool == nullptr) return;
    if (ThreadPools().Remove(pool) == nullptr) {
      Misuse("pool is not the handle of a living thread pool; was it freed before?");
    }
  });
}

integra_status integra_session_options_init(integra_session_options* options) {
  return Guard([&] {
    RequirePointer(options, "options");
    *options = {};
    options->struct_size = sizeof(*options);
    options->threads = 1;
    options->batch = 1;
  });
}

integra_status integra_session_create(const integra_network* network,
                                      const integra_session_options* options,
                                      integra_session** session) {
  return Guard([&] {
    RequirePointer(session, "session");
    const auto found = FindNetwork(network);
    integra_session_options known;
    integra_session_options_init(&known);
    if (options != nullptr) {
      RequireStructSize(options->struct_size, kFirstOptionsSize, "options");
      std::memcpy(&known, options, std::min(options->struct_size, sizeof(known)));
    }
    *session = Sessions().Add(std::make_shared<SessionState>(*found, ToOptions(known)));
  });
}

integra_status integra_session_free(integra_session* session) {
  return Guard([&] {
    if (session == nullptr) return;
    if (Sessions().Remove(session) == nullptr) {
      Misuse("session is not the handle of a living session; was it freed before?");
    }
  });
}

integra_status integra_session_input_count(const integra_session* session, size_t* count) {
  return Guard([&] {
    RequirePointer(count, "count");
    *count = FindSession(session)->session.inputs().size();
  });
}

integra_status integra_session_output_count(const integra_session* session, size_t* count) {
  return Guard([&] {
    RequirePointer(count, "count");
    *count = FindSession(session)->session.outputs().size();
  });
}

integra_status integra_session_input(const integra_session* session, size_t index,
                                     integra_tensor_info* info) {
  return Guard([&] { DescribeTensor(FindSession(session)->session.inputs(), index, info); });
}

integra_status integra_session_output(const integra_session* session, size_t index,
                                      integra_tensor_info* info) {
  return Guard([&] { DescribeTensor(FindSession(session)->session.outputs(), index, info); });
}

integra_status integra_session_run(integra_session* session, const integra_const_buffer* inputs,
                                   size_t input_count, const integra_buffer* outputs,
                                   size_t output_count) {
  return Guard([&] {
    const auto state = FindSession(session);
    const InUse in_use(*state);
    Collect(inputs, input_count, "input", state->inputs);
    Collect(outputs, output_count, "output", state->outputs);
    state->session.Run(state->inputs, state->outputs);
  });
}

integra_status integra_session_read_tensor(integra_session* session, const char* name, void* data,
                                           size_t capacity, size_t* bytes) {
  return Guard([&] {
    RequirePointer(name, "name");
    const auto state = FindSession(session);
    const InUse in_use(*state);
    const std::vector<std::byte> value = state->session.ReadTensor(name);
    if (data != nullptr) {
      if (capacity < value.size()) {
        Misuse("tensor '", name, "' has ", value.size(), " bytes, `capacity` is ", capacity);
      }
      std::memcpy(data, value.data(), value.size());
    }
    if (bytes != nullptr) *bytes = value.size();
  });
}

integra_status integra_session_read_ratio(integra_session* session, const char* name,
                                          int32_t* multiplier, int32_t* shift) {
  return Guard([&] {
    RequirePointer(name, "name");
    RequirePointer(multiplier, "multiplier");
    RequirePointer(shift, "shift");
    const auto state = FindSession(session);
    const InUse in_use(*state);
    const integra::RangeRatio ratio = state->session.ReadRatio(name);
    *multiplier = ratio.multiplier;
    *shift = ratio.shift;
  });
}

integra_status integra_session_memory(const integra_session* session, integra_memory_use* memory) {
  return Guard([&] {
    RequirePointer(memory, "memory");
    RequireStructSize(memory->struct_size, kFirstMemorySize, "memory");
    const integra::MemoryUse use = FindSession(session)->session.memory();
    integra_memory_use filled = {};
    filled.struct_size = memory->struct_size;
    filled.arena_bytes = use.arena_bytes;
    filled.scratch_bytes = use.scratch_bytes;
    filled.packed_weights_bytes = use.packed_weights_bytes;
    std::memcpy(memory, &filled, std::min(memory->struct_size, sizeof(filled)));
  });
}

integra_status integra_session_profile(integra_session* session, integra_node_profile* nodes,
                                       size_t capacity, size_t* count) {
  return Guard([&] {
    RequirePointer(count, "count");
    if (capacity > 0) RequirePointer(nodes, "nodes");
    const auto state = FindSession(session);
    const InUse in_use(*state);
    state->profile = state->session.Profile();
    for (size_t i = 0; i < std::min(capacity, state->profile.size()); ++i) {
      const integra::NodeProfile& from = state->profile[i];
      nodes[i] = {
          from.node.c_str(), from.op.c_str(), from.kernel.c_str(), from.multiply_accumulates,
          from.calls,        from.total_ns,   from.best_ns};
    }
    *count = state->profile.size();
  });
}
