// Memory runs out at every allocation in turn, while networks are loaded, imported, saved and
// prepared, and pictures and arrays are read: always an Error of kind kSystem, and nothing leaks.
// Also: budgets.
#include <doctest/doctest.h>

#include <cstdlib>
#include <new>

#include "base/buffer.h"
#include "graph/network_file.h"
#include "integra/import.hpp"
#include "integra/session.hpp"
#include "io/npy.h"
#include "io/picture.h"
#include "tests/support/networks.h"
#include "tests/support/operator_models.h"
#include "tests/support/pictures.h"
#include "tests/support/temporary_folder.h"

namespace {

// What operator new does in this thread.
struct Injection {
  bool active = false;
  int64_t before_failure = 0;  // so many allocations still succeed
  bool for_good = false;       // afterwards all fail, not only one
  bool has_failed = false;
  int64_t live = 0;  // allocations minus releases
};
thread_local Injection injection;

void* Allocate(size_t bytes, size_t alignment) {
  if (injection.active) {
    if (injection.before_failure-- == 0 || (injection.for_good && injection.has_failed)) {
      injection.has_failed = true;
      throw std::bad_alloc();
    }
    ++injection.live;
  }
  void* p = alignment <= alignof(std::max_align_t)
                ? std::malloc(bytes > 0 ? bytes : 1)
                : std::aligned_alloc(alignment, integra::AlignUp(bytes, alignment));
  if (p == nullptr) throw std::bad_alloc();
  return p;
}

void* AllocateOrNull(size_t bytes) noexcept {
  try {
    return Allocate(bytes, 1);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void Release(void* p) {
  if (injection.active && p != nullptr) --injection.live;
  std::free(p);
}

}  // namespace

void* operator new(size_t bytes) { return Allocate(bytes, 1); }
void* operator new[](size_t bytes) { return Allocate(bytes, 1); }
void* operator new(size_t bytes, std::align_val_t a) { return Allocate(bytes, size_t(a)); }
void* operator new[](size_t bytes, std::align_val_t a) { return Allocate(bytes, size_t(a)); }
// The library's own call the ones above, a sanitizer's do not.
void* operator new(size_t bytes, const std::nothrow_t&) noexcept { return AllocateOrNull(bytes); }
void* operator new[](size_t bytes, const std::nothrow_t&) noexcept { return AllocateOrNull(bytes); }
void operator delete(void* p) noexcept { Release(p); }
void operator delete[](void* p) noexcept { Release(p); }
void operator delete(void* p, size_t) noexcept { Release(p); }
void operator delete[](void* p, size_t) noexcept { Release(p); }
void operator delete(void* p, std::align_val_t) noexcept { Release(p); }
void operator delete[](void* p, std::align_val_t) noexcept { Release(p); }
void operator delete(void* p, size_t, std::align_val_t) noexcept { Release(p); }
void operator delete[](void* p, size_t, std::align_val_t) noexcept { Release(p); }

namespace integra::test {
namespace {

// Runs `body` with the n-th allocation failing, for n = 0, 1, ... until it comes through. `body`
// leaves nothing allocated behind.
template <typename Body>
void FailEverywhere(const Body& body) {
  body();  // what is made once and kept is not of interest
  for (const bool for_good : {false, true}) {
    CAPTURE(for_good);
    for (int64_t n = 0;; ++n) {
      bool refused = false, is_system_error = false, other = false;
      injection = {true, n, for_good, false, 0};
      try {
        body();
      } catch (const Error& error) {
        refused = true;
        is_system_error = error.code() == ErrorCode::kSystem;
      } catch (...) {
        other = true;
      }
      injection.active = false;
      const Injection end = injection;
      CAPTURE(n);
      CHECK_FALSE(other);
      CHECK((!refused || is_system_error));
      CHECK(end.live == 0);
      if (!end.has_failed) {
        CHECK(n > 0);
        break;
      }
    }
  }
}

TEST_CASE("checklist 11: memory runs out at every allocation of loading a network") {
  const TemporaryFolder folder;
  const auto hand_written = folder.Write("hand.json", SmallNetworkText());
  graph::SaveNetwork(ConvolutionNetwork(), folder.path());
  FailEverywhere([&] { Network::Load(hand_written); });
  FailEverywhere([&] { Network::Load(folder.path()); });
}

TEST_CASE("checklist 11: memory runs out at every allocation of importing a .tflite file") {
  const TemporaryFolder folder;
  for (const ModelT& model : OperatorModels()) {
    const Bytes file = Build(model);
    const auto path =
        folder.Write("m.tflite", {reinterpret_cast<const char*>(file.data()), file.size()});
    FailEverywhere([&] { Import(path); });
  }
}

TEST_CASE("checklist 11: memory runs out at every allocation of reading pictures and arrays") {
  const TemporaryFolder folder;
  for (const TestPicture& picture : TestPictures()) {
    const auto path = folder.Write("picture", picture.file);
    FailEverywhere([&] { io::ReadPicture(path); });
  }
  const auto path = folder / "a.npy";
  io::WriteNpy(path, DataType::kFloat32, {2, 3}, Bytes(24));
  FailEverywhere([&] { io::ReadNpy(path); });
}

TEST_CASE("checklist 11: memory runs out while a damaged network is refused") {
  const TemporaryFolder folder;
  const auto path =
      folder.Write("n.json", Replaced(SmallNetworkText(), "\"activation\"", "\"activations\""));
  FailEverywhere([&] {
    try {
      Network::Load(path);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kSystem) throw;
    }
  });
}

TEST_CASE("checklist 11: memory runs out at every allocation of saving a network") {
  const TemporaryFolder folder;
  const graph::Graph network = ConvolutionNetwork();
  FailEverywhere([&] { graph::SaveNetwork(network, folder.path()); });
  CHECK(SameGraph(graph::LoadNetwork(folder.path()), network));
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 2);
}

TEST_CASE("checklist 11: memory runs out at every allocation of preparing a session") {
  const TemporaryFolder folder;
  graph::SaveNetwork(ConvolutionNetwork(), folder.path());
  for (const char* gemm : {"own", "reference"}) {
    SessionOptions options;
    options.gemm = gemm;
    FailEverywhere([&] { Session(Network::Load(folder.path()), options); });
  }
}

TEST_CASE("checklist 11: a session's memory budget") {
  const Network network(ConvolutionNetwork());
  const MemoryUse use = Session(network).memory();
  const uint64_t needed = use.arena_bytes + use.scratch_bytes + use.packed_weights_bytes;
  CHECK_NOTHROW(Session(network, {.max_memory_bytes = needed}));
  CHECK_THROWS_WITH_AS(Session(network, {.max_memory_bytes = needed - 1}),
                       doctest::Contains("max_memory_bytes"), Error);
}

TEST_CASE("checklist 11: a small file that asks for more memory than there is") {
  const TemporaryFolder folder;
  // 2^31 - 1 elements, the most that one tensor may have, in 1,000 tensors alive together.
  std::string tensors = R"("x": {"dtype": "int64", "shape": [2147483647]})";
  std::string nodes, names;
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "t" + std::to_string(i);
    tensors += ", \"" + name + R"(": {"dtype": "int64"})";
    names += (i > 0 ? ", \"" : "\"") + name + "\"";
    nodes += (i > 0 ? ", " : "") + ("{\"name\": \"n" + std::to_string(i)) +
             R"(", "type": "add", "inputs": ["x", "x"], "outputs": [")" + name + "\"]}";
  }
  const Network network = Network::Load(folder.Write(
      "n.json", R"({"format": "integra-network", "version": 1, "name": "huge",
                              "inputs": ["x"], "outputs": [)" +
                    names + "], \"tensors\": {" + tensors + "}, \"nodes\": [" + nodes + "]}"));
  try {
    Session session(network);
    FAIL("17 terabytes were allocated");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::kSystem);
    CHECK(std::string(error.what()).find("all the machine has") != std::string::npos);
  }
}

}  // namespace
}  // namespace integra::test
