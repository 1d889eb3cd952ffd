// Sessions: the same bits however they are made, and misuse that changes nothing.
#include "integra/session.hpp"

#include <doctest/doctest.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <iterator>
#include <sstream>
#include <thread>

#include "integra/error.hpp"
#include "kernels/isa.h"
#include "tests/support/networks.h"
#include "tests/support/node_network.h"
#include "tests/support/temporary_folder.h"

namespace integra {
namespace {

// The kernel lists a thread for a moment after it was joined: the least of what stays the same for
// a while is what lives.
int ThreadsOfProcess() {
  const auto listed = [] {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return static_cast<int>(std::distance(begin(tasks), end(tasks)));
  };
  int count = listed();
  for (int unchanged = 0; unchanged < 20; ++unchanged) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (const int now = listed(); now < count) count = now, unchanged = 0;
  }
  return count;
}

using Bytes = std::vector<std::byte>;

Network SmallNetwork() { return Network(test::ConvolutionNetwork()); }

size_t BytesOf(const TensorInfo& info) {
  return static_cast<size_t>(ElementCount(info.shape)) * SizeOf(info.dtype);
}

Bytes Samples(const TensorInfo& info, int seed) {
  Bytes all(BytesOf(info));
  uint32_t state = static_cast<uint32_t>(seed) * 2654435761u + 1;
  for (std::byte& b : all) {
    state = state * 1664525u + 1013904223u;
    b = static_cast<std::byte>(state >> 24);
  }
  return all;
}

Bytes Run(Session& session, const Bytes& input) {
  Bytes output(BytesOf(session.outputs().at(0)));
  const std::span<const std::byte> in[] = {input};
  const std::span<std::byte> out[] = {output};
  session.Run(in, out);
  return output;
}

std::string MessageOf(const std::function<void()>& call, ErrorCode code) {
  try {
    call();
  } catch (const Error& error) {
    CHECK(error.code() == code);
    return error.what();
  }
  FAIL_CHECK("no error");
  return "";
}

TEST_CASE("sessions: instruction set, GEMM, threads, batch and repetition do not change a bit") {
  const Network network = SmallNetwork();
  Session first(network);
  constexpr int kSamples = 3;
  std::vector<Bytes> inputs, expected;
  for (int i = 0; i < kSamples; ++i) {
    inputs.push_back(Samples(first.inputs().at(0), i));
    expected.push_back(Run(first, inputs.back()));
  }
  CHECK(expected[0] != expected[1]);  // the network does look at its input

  for (int isa = 0; isa <= static_cast<int>(kernels::DetectIsa()); ++isa) {
    for (const char* gemm : {"", "own", "onednn", "reference"}) {
      for (const int threads : {1, 2, 5}) {
        SessionOptions options;
        options.max_isa = kernels::NameOf(static_cast<kernels::Isa>(isa));
        options.gemm = gemm;
        options.threads = threads;
        CAPTURE(options.max_isa);
        CAPTURE(options.gemm);
        CAPTURE(threads);
        Session single(network, options);
        options.batch = kSamples;
        Session batched(network, options);
        Bytes all_inputs, all_expected;
        for (int i = 0; i < kSamples; ++i) {
          const size_t s = static_cast<size_t>(i);
          CHECK(Run(single, inputs[s]) == expected[s]);
          CHECK(Run(single, inputs[s]) == expected[s]);
          all_inputs.insert(all_inputs.end(), inputs[s].begin(), inputs[s].end());
          all_expected.insert(all_expected.end(), expected[s].begin(), expected[s].end());
        }
        CHECK(Run(batched, all_inputs) == all_expected);
      }
    }
  }
}

TEST_CASE("sessions: several threads run sessions of one network at once") {
  const Network network = SmallNetwork();
  Session first(network);
  const Bytes input = Samples(first.inputs().at(0), 7);
  const Bytes expected = Run(first, input);
  std::vector<int> wrong(4);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < 10; ++round) {
        SessionOptions options;
        options.threads = 1 + static_cast<int>(t) % 2;
        options.gemm = t < 2 ? "own" : "onednn";
        Session session(network, options);
        for (int i = 0; i < 5; ++i) wrong[t] += Run(session, input) != expected;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int count : wrong) CHECK(count == 0);
}

TEST_CASE("sessions: one pool of threads serves several sessions at once") {
  const Network network = SmallNetwork();
  Session first(network);
  const Bytes input = Samples(first.inputs().at(0), 7);
  const Bytes expected = Run(first, input);
  SessionOptions options;
  options.pool = MakeThreadPool(3);
  options.threads = 99;  // not looked at
  const auto before = ThreadsOfProcess();
  std::vector<Session> sessions;
  for (int i = 0; i < 3; ++i) sessions.emplace_back(network, options);
  CHECK(ThreadsOfProcess() == before);  // a session of its own threads would start some
  options.pool.reset();                 // the sessions keep it
  std::vector<int> wrong(sessions.size());
  std::vector<std::thread> threads;
  for (size_t t = 0; t < sessions.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) wrong[t] += Run(sessions[t], input) != expected;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int count : wrong) CHECK(count == 0);
}

TEST_CASE("sessions: 0 threads are as many as the process may use, and never more") {
  const Network network = SmallNetwork();
  cpu_set_t all, one;
  CPU_ZERO(&all);
  REQUIRE(sched_getaffinity(0, sizeof all, &all) == 0);
  CPU_ZERO(&one);
  for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++i) {
    if (CPU_ISSET(i, &all)) CPU_SET(i, &one);
  }
  const auto started = [&](int asked) {
    const auto before = ThreadsOfProcess();
    SessionOptions options;
    options.threads = asked;
    const Session session(network, options);
    return ThreadsOfProcess() - before;
  };
  CHECK(started(0) == UsableProcessors() - 1);
  CHECK(started(1) == 0);
  CHECK(started(3) == 2);
  REQUIRE(sched_setaffinity(0, sizeof one, &one) == 0);
  CHECK(UsableProcessors() == 1);
  CHECK(started(0) == 0);
  REQUIRE(sched_setaffinity(0, sizeof all, &all) == 0);
}

TEST_CASE("sessions: a wrong option is refused by name") {
  const Network network = SmallNetwork();
  const auto refused = [&](auto change) {
    SessionOptions options;
    change(options);
    return MessageOf([&] { Session session(network, options); }, ErrorCode::kInvalidArgument);
  };
  CHECK(refused([](SessionOptions& o) { o.threads = -1; }).find("threads") != std::string::npos);
  CHECK(refused([](SessionOptions& o) { o.threads = 2000; }).find("threads") != std::string::npos);
  CHECK(refused([](SessionOptions& o) { o.batch = 0; }).find("batch") != std::string::npos);
  CHECK(refused([](SessionOptions& o) { o.gemm = "blas"; }).find("blas") != std::string::npos);
  CHECK(refused([](SessionOptions& o) { o.max_isa = "mmx"; }).find("mmx") != std::string::npos);
}

TEST_CASE("sessions: buffers of a wrong number or size are refused, and nothing has run") {
  const Network network = SmallNetwork();
  Session session(network);
  const Bytes input = Samples(session.inputs().at(0), 1);
  const Bytes output = Run(session, input);

  Bytes kept(output.size(), std::byte{0x5A});
  const Bytes untouched = kept;
  const std::span<const std::byte> in[] = {input, input};
  const std::span<std::byte> out[] = {kept, kept};
  const auto run = [&](std::span<const std::span<const std::byte>> ins,
                       std::span<const std::span<std::byte>> outs) {
    return MessageOf([&] { session.Run(ins, outs); }, ErrorCode::kInvalidArgument);
  };
  const std::span<const std::span<const std::byte>> one_in = std::span(in).first(1);
  const std::span<const std::span<std::byte>> one_out = std::span(out).first(1);
  CHECK(run({}, one_out).find("1 inputs, 0 were given") != std::string::npos);
  CHECK(run(in, one_out).find("1 inputs, 2 were given") != std::string::npos);
  CHECK(run(one_in, out).find("1 outputs, 2 were given") != std::string::npos);
  const std::span<const std::byte> short_in[] = {std::span(input).first(input.size() - 1)};
  CHECK(run(short_in, one_out).find(session.inputs()[0].name) != std::string::npos);
  const std::span<std::byte> short_out[] = {std::span(kept).first(1)};
  CHECK(run(one_in, short_out).find(session.outputs()[0].name) != std::string::npos);
  const std::span<const std::byte> null_in[] = {std::span<const std::byte>()};
  run(null_in, one_out);
  CHECK(kept == untouched);
}

TEST_CASE("sessions: intermediate tensors can be read where they are kept") {
  const Network network = SmallNetwork();
  SessionOptions options;
  Session plain(network, options);
  options.keep_all_tensors = true;
  Session keeping(network, options);
  const Bytes input = Samples(plain.inputs().at(0), 2);
  const Bytes output = Run(keeping, input);
  CHECK(Run(plain, input) == output);
  CHECK(keeping.ReadTensor(keeping.outputs()[0].name) == output);
  CHECK(plain.ReadTensor(plain.outputs()[0].name) == output);
  CHECK(keeping.ReadTensor(keeping.inputs()[0].name) == input);
  const std::string inner = [&] {
    for (const auto& node : network.graph().nodes) {
      return network.graph().tensor(node.outputs[0]).name;
    }
    return std::string();
  }();
  CHECK(!keeping.ReadTensor(inner).empty());
  CHECK(MessageOf([&] { plain.ReadTensor(inner); }, ErrorCode::kInvalidArgument)
            .find("keep_all_tensors") != std::string::npos);
  CHECK(MessageOf([&] { plain.ReadTensor("nonsense"); }, ErrorCode::kInvalidArgument)
            .find("nonsense") != std::string::npos);
}

TEST_CASE("sessions: a profile counts what ran, and weights are packed once") {
  const Network network = SmallNetwork();
  SessionOptions options;
  options.profile = true;
  Session session(network, options);
  const size_t packed = session.memory().packed_weights_bytes;
  CHECK(packed > 0);
  const Bytes input = Samples(session.inputs().at(0), 2);
  for (int i = 0; i < 3; ++i) Run(session, input);
  uint64_t work = 0;
  for (const NodeProfile& node : session.Profile()) {
    CHECK(!node.kernel.empty());
    if (node.calls == 0) continue;  // shares memory with its input
    CHECK(node.calls == 3);
    CHECK(node.best_ns <= node.total_ns);
    work += node.multiply_accumulates;
  }
  CHECK(work > 0);
  std::ostringstream trace;
  session.WriteChromeTrace(trace);
  CHECK(trace.str().find("\"ph\":\"X\"") != std::string::npos);

  Session second(network, options);
  CHECK(second.memory().packed_weights_bytes == packed);
}

TEST_CASE("session: 16-bit softmax of more equal elements than its sum holds") {
  const test::TemporaryFolder folder;
  for (const char* shape : {"[1, 65535]", "[1, 65537]", "[1, 131073]"}) {
    CAPTURE(std::string(shape));
    const auto path = folder.Write(
        "net.json", test::NetworkText({"softmax",
                                       {test::TensorFields("int16", shape, "0.001")},
                                       {test::TensorFields("int16", "", "3.0517578125e-05")},
                                       "",
                                       ""}));
    Session session(Network::Load(path));
    const auto count = static_cast<size_t>(ElementCount(session.inputs()[0].shape));
    const std::vector<int16_t> x(count, 5);
    std::vector<int16_t> y(count, -1);
    const std::span<const std::byte> in[] = {std::as_bytes(std::span(x))};
    const std::span<std::byte> out[] = {std::as_writable_bytes(std::span(y))};
    session.Run(in, out);
    // 32768 / 65535 and less, rounded: half a step.
    CHECK(std::all_of(y.begin(), y.end(), [&](int16_t v) { return v == y[0]; }));
    CHECK((y[0] == 0 || y[0] == 1));
  }
}

}  // namespace
}  // namespace integra
