// Packed weights, made once per network and shared by its sessions.
#pragma once

#include <any>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/shared_pages.h"

namespace integra {

class WeightCache {
 public:
  // About how many bytes the first plan will pack.
  void Expect(size_t bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    expected_bytes_ = bytes;
  }

  // The object under `key`, made by `make()` (a std::shared_ptr<const T>) if it is not there yet;
  // null is remembered too. Its bytes() are added to the total. Thread-safe. A key always names
  // objects of one type.
  template <typename T, typename Make>
  std::shared_ptr<const T> Get(const std::string& key, Make make) {
    const std::lock_guard<std::mutex> lock(mutex_);
    auto found = entries_.find(key);
    if (found == entries_.end()) {
      const SharedPages::Use use(pages_, expected_bytes_);
      std::shared_ptr<const T> made = make();
      if (made != nullptr) bytes_ += made->bytes();
      found = entries_.emplace(key, std::move(made)).first;
    }
    return std::any_cast<std::shared_ptr<const T>>(found->second);
  }

  size_t bytes() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return bytes_;
  }

 private:
  mutable std::mutex mutex_;
  size_t expected_bytes_ = 0;
  SharedPages pages_;
  std::map<std::string, std::any> entries_;
  size_t bytes_ = 0;
};

}  // namespace integra
