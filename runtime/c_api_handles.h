// Handles of the C interface: names for objects, not their addresses, so that a handle that was
// freed, or is of the wrong kind, or was never one, is recognised without touching its memory.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <utility>

namespace integra::runtime {

// Counts over all kinds of handles, so that none is ever used twice in a process.
inline uintptr_t NextHandle() {
  static std::atomic<uintptr_t> next{0};
  return ++next * 16;
}

// The living objects of one kind. `Handle` is the opaque type of the C interface.
template <typename Handle, typename Object>
class HandleTable {
 public:
  Handle* Add(std::shared_ptr<Object> object) {
    const uintptr_t key = NextHandle();
    const std::unique_lock lock(mutex_);
    objects_.emplace(key, std::move(object));
    return reinterpret_cast<Handle*>(key);  // NOLINT(performance-no-int-to-ptr): never followed
  }

  // Null where `handle` names no living object. The object lives at least as long as the result.
  std::shared_ptr<Object> Find(const Handle* handle) const {
    const std::shared_lock lock(mutex_);
    const auto found = objects_.find(reinterpret_cast<uintptr_t>(handle));
    return found == objects_.end() ? nullptr : found->second;
  }

  // Takes the object out of the table; null where there is none.
  std::shared_ptr<Object> Remove(const Handle* handle) {
    const std::unique_lock lock(mutex_);
    const auto found = objects_.find(reinterpret_cast<uintptr_t>(handle));
    if (found == objects_.end()) return nullptr;
    std::shared_ptr<Object> object = std::move(found->second);
    objects_.erase(found);
    return object;
  }

 private:
  mutable std::shared_mutex mutex_;
  std::unordered_map<uintptr_t, std::shared_ptr<Object>> objects_;
};

}  // namespace integra::runtime
