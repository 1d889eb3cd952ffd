// Packed weights, made once per network and shared by its sessions.
#pragma once

#include <any>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace integra {

class WeightCache {
 public:
  // The object under `key`, made by `make()` (a std::shared_ptr<const T>) if it is not there yet;
  // null is remembered too. Its bytes() are added to the total. Thread-safe. A key always names
  // objects of one type.
  template <typename T, typename Make>
  std::shared_ptr<const T> Get(const std::string& key, Make make) {
    const std::lock_guard<std::mutex> lock(mutex_);
    auto found = entries_.find(key);
    if (found == entries_.end()) {
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
  std::map<std::string, std::any> entries_;
  size_t bytes_ = 0;
};

}  // namespace integra
