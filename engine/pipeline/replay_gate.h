// Keeps live records back while shards that feed the same windows are being replayed: a live record must not miss what they will add.
#pragma once

#include <atomic>
#include <cstdint>

namespace weir {

// One a source, or one for all sources where some read what others feed; shared by all lanes and the sources' control threads. Any thread.
class ReplayGate {
 public:
  // Once for every shard whose replay begins.
  void close() { closed_.fetch_add(1, std::memory_order_acq_rel); }
  // Undoes one `close`; true for the last one, who then wakes the lanes.
  bool open() { return closed_.fetch_sub(1, std::memory_order_acq_rel) == 1; }
  bool is_open() const { return closed_.load(std::memory_order_acquire) == 0; }

  // The same around an assignment, from the moment on that it is known to come. Until then replays wait, too, where they depend on each
  // other's order. After `arrive` lanes are woken in any case.
  void expect() {
    expected_.fetch_add(1, std::memory_order_acq_rel);
    close();
  }
  void arrive() {
    expected_.fetch_sub(1, std::memory_order_acq_rel);
    open();
  }
  bool is_expecting() const { return expected_.load(std::memory_order_acquire) > 0; }

 private:
  std::atomic<std::uint32_t> closed_{0};
  std::atomic<std::uint32_t> expected_{0};
};

}  // namespace weir
