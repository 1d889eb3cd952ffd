// Numbers for names: 0, 1, 2 ... in the order in which they come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace integra {

// Networks have long names in great number: this neither copies nor allocates for each. The texts
// have to outlive it.
class NameIndex {
 public:
  void Reserve(size_t names);
  // Gives `name` the number size(). False where it has one already.
  bool Insert(std::string_view name);
  std::optional<size_t> Find(std::string_view name) const;
  size_t size() const { return names_.size(); }

 private:
  struct Slot {
    uint32_t end = 0;  // the name's number plus 1; 0 in an empty slot
    uint32_t hash = 0;
  };
  // The number of the slot of `name`, or of the empty one where it belongs.
  size_t SlotOf(std::string_view name, uint32_t hash) const;
  void Resize(size_t slots);

  std::vector<std::string_view> names_;
  std::vector<Slot> slots_;  // a power of two, at most half of them taken
};

}  // namespace integra
