// The C interface: what it does, and that every misuse is an answer.
#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "graph/network_file.h"
#include "integra/integra.h"
#include "integra/integra.hpp"
#include "tests/support/c_api_misuse.h"
#include "tests/support/networks.h"
#include "tests/support/temporary_folder.h"

namespace integra::test {
namespace {

// A network on disk, loaded, and a session of it.
struct Loaded {
  Loaded() {
    graph::SaveNetwork(ConvolutionNetwork(), folder.path());
    REQUIRE(integra_network_load(folder.path().c_str(), &network) == INTEGRA_OK);
    REQUIRE(integra_session_create(network, nullptr, &session) == INTEGRA_OK);
    in.struct_size = out.struct_size = sizeof(in);
    REQUIRE(integra_session_input(session, 0, &in) == INTEGRA_OK);
    REQUIRE(integra_session_output(session, 0, &out) == INTEGRA_OK);
    input.resize(in.bytes, 7);
    output.resize(out.bytes);
  }
  ~Loaded() {
    integra_session_free(session);
    integra_network_free(network);
  }

  integra_status Run() {
    const integra_const_buffer inputs[] = {{input.data(), input.size()}};
    const integra_buffer outputs[] = {{output.data(), output.size()}};
    return integra_session_run(session, inputs, 1, outputs, 1);
  }

  TemporaryFolder folder;
  integra_network* network = nullptr;
  integra_session* session = nullptr;
  integra_tensor_info in = {}, out = {};
  std::vector<uint8_t> input, output;
};

TEST_CASE("C interface: it runs what the C++ interface runs") {
  Loaded loaded;
  CHECK(integra_api_version() == INTEGRA_API_VERSION);
  CHECK(std::string(integra_version()) == Version());
  const char* name = nullptr;
  CHECK(integra_network_name(loaded.network, &name) == INTEGRA_OK);
  CHECK(std::string(name) == "convolution");
  CHECK(std::string(loaded.in.name) == "image");
  CHECK(loaded.in.dtype == INTEGRA_INT8);
  CHECK(loaded.in.rank == 4);
  CHECK(loaded.in.shape[1] == 8);
  CHECK(loaded.in.bytes == 8 * 8 * 3);
  CHECK(loaded.in.scale_count == 1);
  CHECK(loaded.in.zero_points[0] == -1);
  size_t count = 0;
  CHECK(integra_session_input_count(loaded.session, &count) == INTEGRA_OK);
  CHECK(count == 1);
  CHECK(integra_session_output_count(loaded.session, &count) == INTEGRA_OK);
  CHECK(count == 1);
  REQUIRE(loaded.Run() == INTEGRA_OK);

  const Network network = Network::Load(loaded.folder.path());
  Session session(network);
  std::vector<uint8_t> expected(loaded.output.size());
  const std::span<const std::byte> inputs[] = {std::as_bytes(std::span(loaded.input))};
  const std::span<std::byte> outputs[] = {std::as_writable_bytes(std::span(expected))};
  session.Run(inputs, outputs);
  CHECK(loaded.output == expected);
}

TEST_CASE("C interface: options, tensors, memory and profile") {
  Loaded loaded;
  integra_session_options options;
  REQUIRE(integra_session_options_init(&options) == INTEGRA_OK);
  options.keep_tensors = 1;
  options.profile = 1;
  options.threads = 2;
  integra_session_free(loaded.session);
  REQUIRE(integra_session_create(loaded.network, &options, &loaded.session) == INTEGRA_OK);
  REQUIRE(loaded.Run() == INTEGRA_OK);

  size_t bytes = 0;
  CHECK(integra_session_read_tensor(loaded.session, "features", nullptr, 0, &bytes) == INTEGRA_OK);
  CHECK(bytes == loaded.output.size());  // "result" is "features", flattened
  std::vector<uint8_t> features(bytes);
  CHECK(integra_session_read_tensor(loaded.session, "features", features.data(), bytes, nullptr) ==
        INTEGRA_OK);
  CHECK(features == loaded.output);
  CHECK_MISUSE(
      integra_session_read_tensor(loaded.session, "features", features.data(), bytes - 1, nullptr),
      "capacity");
  CHECK_MISUSE(integra_session_read_tensor(loaded.session, "nothing", nullptr, 0, &bytes),
               "nothing");
  CHECK_MISUSE(integra_session_read_tensor(loaded.session, nullptr, nullptr, 0, &bytes), "null");

  integra_memory_use memory = {};
  memory.struct_size = sizeof(memory);
  CHECK(integra_session_memory(loaded.session, &memory) == INTEGRA_OK);
  CHECK(memory.arena_bytes > 0);

  size_t nodes = 0;
  CHECK(integra_session_profile(loaded.session, nullptr, 0, &nodes) == INTEGRA_OK);
  std::vector<integra_node_profile> profile(nodes);
  REQUIRE(integra_session_profile(loaded.session, profile.data(), nodes, &nodes) == INTEGRA_OK);
  REQUIRE(profile.size() == 2);
  CHECK(std::string(profile[0].op) == "conv_2d");
  CHECK(profile[0].calls == 1);
}

TEST_CASE("C interface: null is refused wherever it is not allowed") {
  Loaded loaded;
  size_t count = 7;
  integra_network* network = nullptr;
  integra_session* session = nullptr;
  CHECK_MISUSE(integra_network_load(nullptr, &network), "path is null");
  CHECK_MISUSE(integra_network_load("x", nullptr), "network is null");
  CHECK_MISUSE(integra_network_name(nullptr, nullptr), "null");
  CHECK_MISUSE(integra_session_options_init(nullptr), "options is null");
  CHECK_MISUSE(integra_session_create(nullptr, nullptr, &session), "network is null");
  CHECK_MISUSE(integra_session_create(loaded.network, nullptr, nullptr), "session is null");
  CHECK_MISUSE(integra_session_input_count(nullptr, &count), "session is null");
  CHECK_MISUSE(integra_session_output_count(loaded.session, nullptr), "count is null");
  CHECK_MISUSE(integra_session_input(loaded.session, 0, nullptr), "info is null");
  CHECK_MISUSE(integra_session_output(nullptr, 0, &loaded.out), "session is null");
  CHECK_MISUSE(integra_session_run(nullptr, nullptr, 0, nullptr, 0), "session is null");
  CHECK_MISUSE(integra_session_memory(loaded.session, nullptr), "memory is null");
  CHECK_MISUSE(integra_session_profile(loaded.session, nullptr, 1, &count), "nodes is null");
  CHECK_MISUSE(integra_session_profile(loaded.session, nullptr, 0, nullptr), "count is null");
  CHECK(count == 7);
  CHECK(session == nullptr);
  CHECK(integra_network_free(nullptr) == INTEGRA_OK);
  CHECK(integra_session_free(nullptr) == INTEGRA_OK);
}

TEST_CASE("C interface: buffers of the wrong number or size are refused, and nothing has run") {
  Loaded loaded;
  REQUIRE(loaded.Run() == INTEGRA_OK);
  const std::vector<uint8_t> before = loaded.output;
  const integra_const_buffer in = {loaded.input.data(), loaded.input.size()};
  const integra_buffer out = {loaded.output.data(), loaded.output.size()};
  std::memset(loaded.input.data(), 90, loaded.input.size());
  const auto run = [&](integra_const_buffer input, size_t inputs, integra_buffer output,
                       size_t outputs) {
    const integra_const_buffer in_list[] = {input, input};
    const integra_buffer out_list[] = {output, output};
    return integra_session_run(loaded.session, in_list, inputs, out_list, outputs);
  };
  CHECK_MISUSE(run(in, 0, out, 1), "input_count is 0");
  CHECK_MISUSE(run(in, 2, out, 1), "input_count is 2");
  CHECK_MISUSE(run(in, 1, out, 0), "output_count is 0");
  CHECK_MISUSE(run(in, 1, out, 2), "output_count is 2");
  CHECK_MISUSE(run({in.data, in.bytes - 1}, 1, out, 1), "192 bytes");
  CHECK_MISUSE(run({in.data, in.bytes + 1}, 1, out, 1), "192 bytes");
  CHECK_MISUSE(run({in.data, 0}, 1, out, 1), "192 bytes");
  CHECK_MISUSE(run({nullptr, in.bytes}, 1, out, 1), "has no data");
  CHECK_MISUSE(run({nullptr, 0}, 1, out, 1), "192 bytes");
  CHECK_MISUSE(run(in, 1, {out.data, out.bytes - 1}, 1), "result");
  CHECK_MISUSE(run(in, 1, {nullptr, out.bytes}, 1), "has no data");
  CHECK_MISUSE(integra_session_run(loaded.session, nullptr, 1, &out, 1), "null");
  CHECK_MISUSE(integra_session_run(loaded.session, &in, 1, nullptr, 1), "null");
  CHECK(loaded.output == before);
  CHECK(loaded.Run() == INTEGRA_OK);
  CHECK(loaded.output != before);
}

TEST_CASE("C interface: freed, foreign and invented handles are recognised") {
  Loaded loaded;
  integra_session* session = nullptr;
  integra_network* network = nullptr;
  REQUIRE(integra_network_load(loaded.folder.path().c_str(), &network) == INTEGRA_OK);
  REQUIRE(integra_session_create(network, nullptr, &session) == INTEGRA_OK);
  CHECK(integra_network_free(network) == INTEGRA_OK);
  CHECK_MISUSE(integra_network_free(network), "freed before");
  CHECK_MISUSE(integra_session_create(network, nullptr, &session), "living network");

  // The session outlives its network's handle.
  std::swap(session, loaded.session);
  CHECK(loaded.Run() == INTEGRA_OK);
  std::swap(session, loaded.session);

  CHECK(integra_session_free(session) == INTEGRA_OK);
  CHECK_MISUSE(integra_session_free(session), "freed before");
  std::swap(session, loaded.session);
  CHECK_MISUSE(loaded.Run(), "living session");
  std::swap(session, loaded.session);

  size_t count = 0;
  const auto as_session = [](void* handle) { return static_cast<integra_session*>(handle); };
  CHECK_MISUSE(integra_session_input_count(as_session(loaded.network), &count), "living session");
  CHECK_MISUSE(integra_session_free(as_session(&count)), "living session");
  CHECK_MISUSE(integra_network_free(reinterpret_cast<integra_network*>(loaded.session)),
               "living network");
  CHECK(loaded.Run() == INTEGRA_OK);
}

TEST_CASE("C interface: structures of other sizes, indices and options out of range") {
  Loaded loaded;
  integra_tensor_info info = {};
  CHECK_MISUSE(integra_session_input(loaded.session, 0, &info), "struct_size is 0");
  info.struct_size = sizeof(info);
  CHECK_MISUSE(integra_session_input(loaded.session, 1, &info), "index is 1");
  CHECK_MISUSE(integra_session_output(loaded.session, SIZE_MAX, &info), "there are 1");

  // A program built against a later, larger structure: what this library knows is filled in.
  struct Larger {
    integra_tensor_info info;
    char more[32];
  } larger = {};
  larger.info.struct_size = sizeof(larger);
  larger.more[0] = 'x';
  CHECK(integra_session_input(loaded.session, 0, &larger.info) == INTEGRA_OK);
  CHECK(larger.info.bytes == loaded.in.bytes);
  CHECK(larger.more[0] == 'x');

  integra_session* session = nullptr;
  const auto create = [&](auto change) {
    integra_session_options options;
    integra_session_options_init(&options);
    change(options);
    return integra_session_create(loaded.network, &options, &session);
  };
  CHECK_MISUSE(create([](auto& o) { o.struct_size = 3; }), "struct_size is 3");
  CHECK_MISUSE(create([](auto& o) { o.threads = -1; }), "threads is -1");
  CHECK_MISUSE(create([](auto& o) { o.threads = INT32_MAX; }), "threads is");
  CHECK_MISUSE(create([](auto& o) { o.batch = -1; }), "batch is -1");
  CHECK_MISUSE(create([](auto& o) { o.batch = INT64_MAX; }), "batch is");
  CHECK_MISUSE(create([](auto& o) { o.max_isa = "sse9"; }), "sse9");
  CHECK_MISUSE(create([](auto& o) { o.gemm = "magic"; }), "magic");
  integra_thread_pool* pool = nullptr;
  CHECK_MISUSE(integra_thread_pool_create(-1, &pool), "threads is -1");
  CHECK_MISUSE(integra_thread_pool_create(1, nullptr), "pool is null");
  REQUIRE(integra_thread_pool_create(2, &pool) == INTEGRA_OK);
  REQUIRE(integra_thread_pool_free(pool) == INTEGRA_OK);
  CHECK_MISUSE(integra_thread_pool_free(pool), "freed before");
  CHECK_MISUSE(create([&](auto& o) { o.pool = pool; }), "pool is not the handle");
  CHECK(session == nullptr);
}

TEST_CASE("C interface: sessions share threads, also after the pool's handle is freed") {
  Loaded loaded;
  integra_thread_pool* pool = nullptr;
  REQUIRE(integra_thread_pool_create(0, &pool) == INTEGRA_OK);
  integra_session_options options;
  integra_session_options_init(&options);
  options.pool = pool;
  integra_session* sessions[2] = {};
  for (auto& session : sessions) {
    REQUIRE(integra_session_create(loaded.network, &options, &session) == INTEGRA_OK);
  }
  REQUIRE(integra_thread_pool_free(pool) == INTEGRA_OK);
  std::vector<uint8_t> input(loaded.in.bytes, 3), outputs[3];
  const integra_const_buffer in = {input.data(), input.size()};
  integra_session* all[] = {loaded.session, sessions[0], sessions[1]};
  for (int i = 0; i < 3; ++i) {
    outputs[i].resize(loaded.out.bytes);
    const integra_buffer out = {outputs[i].data(), outputs[i].size()};
    REQUIRE(integra_session_run(all[i], &in, 1, &out, 1) == INTEGRA_OK);
  }
  CHECK(outputs[1] == outputs[0]);
  CHECK(outputs[2] == outputs[0]);
  for (auto* session : sessions) CHECK(integra_session_free(session) == INTEGRA_OK);
}

TEST_CASE("C interface: files that are missing or damaged") {
  const TemporaryFolder folder;
  integra_network* network = nullptr;
  CHECK(integra_network_load((folder / "nothing").c_str(), &network) != INTEGRA_OK);
  CHECK(LastErrorSays("nothing"));
  const auto damaged = folder.Write("network.json", "{]");
  CHECK(integra_network_load(damaged.c_str(), &network) == INTEGRA_INVALID_FILE);
  CHECK(LastErrorSays("network.json"));
  CHECK(network == nullptr);
}

TEST_CASE("C interface: the last error belongs to its thread") {
  CHECK(integra_network_load(nullptr, nullptr) == INTEGRA_INVALID_ARGUMENT);
  std::string other = "not asked";
  std::thread([&] { other = integra_last_error(); }).join();
  CHECK(other == "");
  CHECK(LastErrorSays("path is null"));
}

TEST_CASE("C interface: a run is stopped, and the session runs again") {
  Loaded loaded;
  REQUIRE(loaded.Run() == INTEGRA_OK);
  const std::vector<uint8_t> expected = loaded.output;
  struct Stop {
    int asked = 0, at = 0;  // 0: never
  } stop;
  integra_session_options options;
  REQUIRE(integra_session_options_init(&options) == INTEGRA_OK);
  options.should_stop = [](void* context) -> int32_t {
    auto& s = *static_cast<Stop*>(context);
    return ++s.asked == s.at;
  };
  options.should_stop_context = &stop;
  integra_session_free(loaded.session);
  REQUIRE(integra_session_create(loaded.network, &options, &loaded.session) == INTEGRA_OK);
  CHECK(loaded.Run() == INTEGRA_OK);
  CHECK(stop.asked > 0);
  stop = {0, 1};
  CHECK(loaded.Run() == INTEGRA_CANCELLED);
  CHECK(LastErrorSays("stopped before node"));
  stop = {};
  CHECK(loaded.Run() == INTEGRA_OK);
  CHECK(loaded.output == expected);

  // A program that was built with version 2 of the header has shorter options.
  options.struct_size = offsetof(integra_session_options, should_stop);
  integra_session_free(loaded.session);
  REQUIRE(integra_session_create(loaded.network, &options, &loaded.session) == INTEGRA_OK);
  stop = {0, 1};
  CHECK(loaded.Run() == INTEGRA_OK);
  CHECK(stop.asked == 0);
}

TEST_CASE("C interface: kernels are chosen by measuring, and the choices are kept") {
  Loaded loaded;
  const std::string path = loaded.folder / "choices.json";
  REQUIRE(loaded.Run() == INTEGRA_OK);
  const std::vector<uint8_t> expected = loaded.output;
  integra_session_options options;
  REQUIRE(integra_session_options_init(&options) == INTEGRA_OK);
  options.tuning = path.c_str();
  const auto create = [&] {
    integra_session_free(loaded.session);
    loaded.session = nullptr;
    return integra_session_create(loaded.network, &options, &loaded.session);
  };
  // A program that was built with version 4 of the header has shorter options.
  options.struct_size = offsetof(integra_session_options, tuning);
  REQUIRE(create() == INTEGRA_OK);
  CHECK_FALSE(std::filesystem::exists(path));
  options.struct_size = sizeof(options);
  REQUIRE(create() == INTEGRA_OK);
  CHECK(std::filesystem::exists(path));
  REQUIRE(loaded.Run() == INTEGRA_OK);
  CHECK(loaded.output == expected);
  WriteText(path, "?");
  CHECK(create() == INTEGRA_INVALID_FILE);
}

TEST_CASE("C interface: handles are made, used and freed by many threads at once") {
  Loaded loaded;
  REQUIRE(loaded.Run() == INTEGRA_OK);
  const std::vector<uint8_t> expected = loaded.output;
  // Threads use what others free at the same moment: each call is right or refused.
  std::array<std::atomic<integra_session*>, 4> sessions = {};
  std::atomic<int> wrong{0}, ran{0};
  const auto work = [&](size_t thread) {
    std::vector<uint8_t> output(expected.size());
    const integra_const_buffer in = {loaded.input.data(), loaded.input.size()};
    const integra_buffer out = {output.data(), output.size()};
    for (size_t i = 0; i < 60; ++i) {
      integra_session* made = nullptr;
      if (integra_session_create(loaded.network, nullptr, &made) != INTEGRA_OK) ++wrong;
      integra_session_free(sessions[(i + thread) % sessions.size()].exchange(made));
      const auto* other = &sessions[(i + 2 * thread) % sessions.size()];
      const integra_status status = integra_session_run(other->load(), &in, 1, &out, 1);
      if (status == INTEGRA_OK) ++ran;
      if (status == INTEGRA_OK ? output != expected : status != INTEGRA_INVALID_ARGUMENT) ++wrong;
    }
  };
  std::vector<std::thread> threads;
  for (size_t i = 0; i < 3; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  for (auto& session : sessions) integra_session_free(session);
  CHECK(wrong == 0);
  CHECK(ran > 0);
}

TEST_CASE("C interface: one session run by two threads at once is refused or waits its turn") {
  Loaded loaded;
  REQUIRE(loaded.Run() == INTEGRA_OK);
  const std::vector<uint8_t> expected = loaded.output;
  std::atomic<int> wrong{0};
  const auto work = [&] {
    std::vector<uint8_t> output(expected.size());
    for (int i = 0; i < 200; ++i) {
      const integra_const_buffer inputs[] = {{loaded.input.data(), loaded.input.size()}};
      const integra_buffer outputs[] = {{output.data(), output.size()}};
      const integra_status status = integra_session_run(loaded.session, inputs, 1, outputs, 1);
      if (status == INTEGRA_OK ? output != expected : status != INTEGRA_INVALID_ARGUMENT) ++wrong;
    }
  };
  std::thread first(work), second(work);
  first.join();
  second.join();
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace integra::test
