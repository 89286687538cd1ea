// Memory that lanes need not wait for: huge pages that are there before they are needed, large things that go without them.
#pragma once

#include <array>
#include <atomic>
#include <concurrentqueue.h>
#include <cstddef>
#include <memory>
#include <mutex>
#include <thread>

#include "engine/base/wake_signal.h"
#include "engine/features/huge_memory.h"

namespace weir {

// The first touch of a page takes as long as the system needs to find and clear it: a tenth of a millisecond for a huge one and, on a
// virtual machine that gets its memory from the host only then, several milliseconds. So a thread touches some in advance. One a process,
// as the system's memory is. Without a `Keeper` there are none, and whoever maps memory touches it first.
class ReadyPages {
 public:
  static constexpr std::size_t kept = 8;        // while nothing more is known
  static constexpr std::size_t pages_max = 64;  // that `prepare` may ask for

  static ReadyPages& of_process();

  // Keeps pages ready for as long as any keeper lives.
  class Keeper {
   public:
    Keeper() { of_process().begin_keeping(); }
    ~Keeper() { of_process().end_keeping(); }
    Keeper(const Keeper&) = delete;
    Keeper& operator=(const Keeper&) = delete;
  };

  // A page of HugeMemory::page_bytes, all zero, which the caller unmaps; null when none is ready. Any thread; takes no lock but the
  // one that wakes the keepers' thread.
  char* take() noexcept;

  // For a time when more are needed at once than usual: returns when there are `pages` (at most pages_max). Those that nobody takes go
  // later. Any thread but a lane's.
  void prepare(std::size_t pages);

  std::size_t count() const;

  // Destroys something large, whose pages take long to give back, in the keepers' thread. Any thread.
  void retire(std::shared_ptr<void> gone);

 private:
  void begin_keeping();
  void end_keeping();
  void keep();
  void destroy_retired();
  void fill(std::size_t pages);
  void drop_to(std::size_t pages);

  std::array<std::atomic<char*>, pages_max> pages_{};
  std::atomic<bool> keeping_{false};
  moodycamel::ConcurrentQueue<std::shared_ptr<void>> retired_;
  WakeSignal wanted_;
  std::mutex mutex_;  // of keepers and their thread
  std::size_t keepers_ = 0;
  std::thread thread_;
};

}  // namespace weir
