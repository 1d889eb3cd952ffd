#include "base/name_index.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <utility>

namespace integra {
namespace {

constexpr size_t kFewestSlots = 32;

uint32_t HashOf(std::string_view name) {
  return static_cast<uint32_t>(std::hash<std::string_view>()(name));
}

}  // namespace

size_t NameIndex::SlotOf(std::string_view name, uint32_t hash) const {
  const size_t mask = slots_.size() - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    const Slot& slot = slots_[i];
    if (slot.end == 0 || (slot.hash == hash && names_[slot.end - 1] == name)) return i;
  }
}

void NameIndex::Resize(size_t slots) {
  const std::vector<Slot> before = std::exchange(slots_, std::vector<Slot>(slots));
  for (const Slot& taken : before) {
    if (taken.end == 0) continue;
    size_t i = taken.hash & (slots - 1);
    while (slots_[i].end != 0) i = (i + 1) & (slots - 1);
    slots_[i] = taken;
  }
}

void NameIndex::Reserve(size_t names) {
  names_.reserve(names);
  const size_t slots = std::bit_ceil(std::max(2 * names, kFewestSlots));
  if (slots > slots_.size()) Resize(slots);
}

bool NameIndex::Insert(std::string_view name) {
  if (2 * (names_.size() + 1) > slots_.size()) {
    Resize(std::max(2 * slots_.size(), kFewestSlots));
  }
  const uint32_t hash = HashOf(name);
  Slot& slot = slots_[SlotOf(name, hash)];
  if (slot.end != 0) return false;
  names_.push_back(name);
  slot = {static_cast<uint32_t>(names_.size()), hash};
  return true;
}

std::optional<size_t> NameIndex::Find(std::string_view name) const {
  if (slots_.empty()) return std::nullopt;
  const uint32_t end = slots_[SlotOf(name, HashOf(name))].end;
  return end == 0 ? std::nullopt : std::optional<size_t>(end - 1);
}

}  // namespace integra
