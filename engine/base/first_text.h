// A text that one thread says once and any thread reads from then on, without a lock.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace weir {

class FirstText {
 public:
  // Any thread. Empty until it is said.
  std::string_view get() const { return said_.load(std::memory_order_acquire) ? std::string_view(text_) : std::string_view(); }
  // When it was said; of one that is not empty.
  std::chrono::steady_clock::time_point at() const { return at_; }

  // The one thread, once.
  void say(std::string text) {
    text_ = std::move(text);
    at_ = std::chrono::steady_clock::now();
    said_.store(true, std::memory_order_release);
  }

 private:
  std::string text_;
  std::chrono::steady_clock::time_point at_;
  std::atomic<bool> said_{false};
};

}  // namespace weir
