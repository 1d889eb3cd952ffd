// Many threads, one network. (The preset `tsan` runs this under the thread sanitizer.)
#include <doctest/doctest.h>

#include <atomic>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "graph/network_file.h"
#include "integra/integra.hpp"
#include "kernels/onednn/matmul.h"
#include "tests/support/networks.h"
#include "tests/support/temporary_folder.h"

namespace integra::test {
namespace {

using Bytes = std::vector<std::byte>;

Bytes RandomInput(const Session& session, unsigned seed) {
  std::mt19937 random(seed);
  const TensorInfo& info = session.inputs()[0];
  Bytes input(static_cast<size_t>(ElementCount(info.shape)) * SizeOf(info.dtype));
  for (std::byte& byte : input) byte = static_cast<std::byte>(random());
  return input;
}

Bytes Run(Session& session, const Bytes& input) {
  const TensorInfo& info = session.outputs()[0];
  Bytes output(static_cast<size_t>(ElementCount(info.shape)) * SizeOf(info.dtype));
  const std::span<const std::byte> inputs[] = {input};
  const std::span<std::byte> outputs[] = {output};
  session.Run(inputs, outputs);
  return output;
}

// Calls work(thread) in `threads` threads at once.
template <typename F>
void InThreads(int threads, const F& work) {
  std::vector<std::thread> all;
  for (int i = 0; i < threads; ++i) all.emplace_back([&work, i] { work(i); });
  for (std::thread& thread : all) thread.join();
}

TEST_CASE("Concurrency: sessions of one network run at the same time and give the same bits") {
  const Network network(ConvolutionNetwork());
  Session alone(network);
  std::vector<Bytes> inputs, expected;
  for (unsigned seed = 0; seed < 4; ++seed) {
    inputs.push_back(RandomInput(alone, seed));
    expected.push_back(Run(alone, inputs.back()));
  }
  for (const std::string gemm : {"own", "onednn"}) {
    CAPTURE(gemm);
    std::atomic<int> wrong{0};
    InThreads(4, [&](int thread) {
      Session session(network, {.threads = 1 + thread % 2, .gemm = gemm});
      for (size_t i = 0; i < 40; ++i) {
        const size_t sample = (i + static_cast<size_t>(thread)) % inputs.size();
        if (Run(session, inputs[sample]) != expected[sample]) ++wrong;
      }
    });
    CHECK(wrong == 0);
  }
}

TEST_CASE("Concurrency: sessions come and go while others run") {
  auto network = std::make_unique<const Network>(ConvolutionNetwork());
  Session staying(*network, {.threads = 2});
  const Bytes input = RandomInput(staying, 1);
  const Bytes expected = Run(staying, input);
  std::atomic<int> wrong{0};
  InThreads(3, [&](int thread) {
    for (int i = 0; i < 20; ++i) {
      if (thread == 0) {
        if (Run(staying, input) != expected) ++wrong;
      } else {
        Session passing(*network, {.threads = thread});
        if (Run(passing, input) != expected) ++wrong;
      }
    }
  });
  CHECK(wrong == 0);
  network.reset();  // a session keeps what it needs of its network
  CHECK(Run(staying, input) == expected);
}

TEST_CASE("Concurrency: networks are loaded and dropped while others run") {
  const TemporaryFolder folder;
  graph::SaveNetwork(ConvolutionNetwork(), folder.path());
  const Network network = Network::Load(folder.path());
  Session alone(network);
  const Bytes input = RandomInput(alone, 1);
  const Bytes expected = Run(alone, input);
  std::atomic<int> wrong{0};
  InThreads(3, [&](int) {
    for (int i = 0; i < 20; ++i) {
      const Network passing = Network::Load(folder.path());
      Session session(passing, {.threads = 2});
      if (Run(session, input) != expected) ++wrong;
    }
  });
  CHECK(wrong == 0);
}

TEST_CASE("Concurrency: a run is stopped before the node that is next") {
  const Network network(ConvolutionNetwork());
  for (const bool profile : {false, true}) {
    CAPTURE(profile);
    int asked = 0, stop_at = 0;
    Session session(network, {.batch = 2, .profile = profile, .should_stop = [&] {
                                return ++asked == stop_at;
                              }});
    const Bytes input = RandomInput(session, 1);
    const Bytes expected = Run(session, input);
    const int steps = asked;
    CHECK(steps >= 2);
    for (stop_at = 1; stop_at <= steps; ++stop_at) {
      asked = 0;
      try {
        Run(session, input);
        FAIL("not stopped");
      } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::kCancelled);
        CHECK(std::string(error.what()).find("'conv") != std::string::npos);
      }
      CHECK(asked == stop_at);
    }
    stop_at = 0;
    CHECK(Run(session, input) == expected);
  }
}

TEST_CASE("Concurrency: another thread stops a run") {
  const Network network(ConvolutionNetwork());
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0}, finished{0}, stopped{0};
  Session alone(network);
  const Bytes input = RandomInput(alone, 1);
  const Bytes expected = Run(alone, input);
  std::thread runner([&] {
    Session session(network, {.threads = 2, .should_stop = [&] { return stop.load(); }});
    while (stopped < 20) {
      try {
        if (Run(session, input) != expected) ++wrong;
        ++finished;
      } catch (const Error& error) {
        if (error.code() != ErrorCode::kCancelled) ++wrong;
        ++stopped;
        stop = false;
      }
    }
  });
  while (stopped < 20) {
    const int before = finished;
    while (finished == before && stopped < 20 && stop) std::this_thread::yield();
    stop = true;
  }
  runner.join();
  CHECK(wrong == 0);
}

// By itself, for it runs in networks only where the processor makes it exact; weights of 7 bits
// are exact everywhere.
TEST_CASE("Concurrency: one product of oneDNN is run by many threads") {
  constexpr int64_t kRows = 16, kOutputs = 32, kDepth = 48;
  std::vector<int8_t> weights(kOutputs * kDepth);
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<int8_t>(i * 37 % 128 - 64);
  const kernels::onednn::Matmul matmul(kRows, kOutputs, kDepth, weights.data());
  std::atomic<int> wrong{0};
  InThreads(4, [&](int thread) {
    const std::vector<uint8_t> x(kRows * kDepth, static_cast<uint8_t>(50 + thread));
    std::vector<int32_t> y(kRows * kOutputs);
    for (int i = 0; i < 50; ++i) {
      matmul.Run(x.data(), y.data());
      for (size_t n = 0; n < kOutputs; ++n) {
        const auto* w = weights.data() + n * kDepth;
        if (y[n] != std::accumulate(w, w + kDepth, 0) * (50 + thread)) ++wrong;
      }
    }
  });
  CHECK(wrong == 0);
}

TEST_CASE("Concurrency: a session moves to another thread") {
  const Network network(ConvolutionNetwork());
  Session session(network, {.threads = 2});
  const Bytes input = RandomInput(session, 1);
  const Bytes expected = Run(session, input);
  std::thread([moved = std::move(session), &input, &expected]() mutable {
    CHECK(Run(moved, input) == expected);
  }).join();
}

}  // namespace
}  // namespace integra::test
