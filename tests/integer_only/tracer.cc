#include "tests/integer_only/tracer.h"

#include <signal.h>
#include <ucontext.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace integra::test {
namespace {

// Addresses seen: a hash table of fixed size, for a signal handler may not allocate.
constexpr size_t kSlots = size_t{1} << 18;
std::array<uint64_t, kSlots> addresses;
size_t different = 0;
size_t executed = 0;

void NoteInstruction(int, siginfo_t*, void* context) {
  const auto address =
      static_cast<uint64_t>(static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
  ++executed;
  size_t slot = static_cast<size_t>(address * 0x9E3779B97F4A7C15u >> 46);
  while (addresses[slot] != 0 && addresses[slot] != address) slot = (slot + 1) % kSlots;
  if (addresses[slot] == address || different == kSlots / 2) return;
  addresses[slot] = address;
  ++different;
}

// Both leave the 128 bytes below the stack pointer alone: the compiler may keep values there.
inline void SetTrapFlag() {
  asm volatile("sub $128, %%rsp; pushfq; orq $0x100, (%%rsp); popfq; add $128, %%rsp" ::
                   : "memory", "cc");
}
inline void ClearTrapFlag() {
  asm volatile("sub $128, %%rsp; pushfq; andq $~0x100, (%%rsp); popfq; add $128, %%rsp" ::
                   : "memory", "cc");
}

struct Mapping {
  uint64_t begin, end;
  std::string file;
};

std::vector<Mapping> Mappings() {
  std::vector<Mapping> all;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::istringstream words(line);
    std::string range, permissions, offset, device, inode, file;
    words >> range >> permissions >> offset >> device >> inode >> file;
    const size_t dash = range.find('-');
    all.push_back({std::stoull(range.substr(0, dash), nullptr, 16),
                   std::stoull(range.substr(dash + 1), nullptr, 16), file});
  }
  return all;
}

}  // namespace

Trace Follow(const std::function<void()>& f) {
  addresses.fill(0);
  different = 0;
  executed = 0;
  struct sigaction action = {}, before = {};
  action.sa_sigaction = NoteInstruction;
  action.sa_flags = SA_SIGINFO;
  if (::sigaction(SIGTRAP, &action, &before) != 0) throw std::runtime_error("no SIGTRAP");
  SetTrapFlag();
  f();
  ClearTrapFlag();
  ::sigaction(SIGTRAP, &before, nullptr);
  if (different == kSlots / 2) throw std::runtime_error("too many different instructions");

  Trace trace;
  trace.executed = executed;
  const std::vector<Mapping> mappings = Mappings();
  std::sort(addresses.begin(), addresses.end());
  for (const uint64_t address : addresses) {
    if (address == 0) continue;
    const auto mapping = std::find_if(mappings.begin(), mappings.end(), [&](const Mapping& m) {
      return address >= m.begin && address < m.end;
    });
    if (mapping == mappings.end()) continue;  // unmapped since: cannot be, code stays
    std::string code(16, '\x90');
    // NOLINTNEXTLINE(performance-no-int-to-ptr): where the instruction pointer was.
    std::memcpy(code.data(), reinterpret_cast<const void*>(address),
                std::min<size_t>(code.size(), mapping->end - address));
    trace.code.push_back(std::move(code));
    trace.origin.push_back(mapping->file);
  }
  return trace;
}

}  // namespace integra::test
