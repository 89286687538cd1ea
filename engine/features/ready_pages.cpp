#include "engine/features/ready_pages.h"

#include <algorithm>
#include <chrono>
#include <pthread.h>
#include <utility>

#include <sys/mman.h>

namespace weir {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t small_page_bytes = 4'096;
constexpr auto surplus_kept = 10s;  // since the last page was taken

}  // namespace

ReadyPages& ReadyPages::of_process() {
  static ReadyPages& pages = *new ReadyPages;  // for threads that outlive statics
  return pages;
}

char* ReadyPages::take() noexcept {
  if (!keeping_.load(std::memory_order_acquire)) return nullptr;
  for (std::atomic<char*>& each : pages_) {
    if (each.load(std::memory_order_relaxed) == nullptr) continue;
    char* page = each.exchange(nullptr, std::memory_order_acquire);
    if (page == nullptr) continue;
    wanted_.notify();
    return page;
  }
  wanted_.notify();
  return nullptr;
}

void ReadyPages::prepare(std::size_t pages) {
  const std::lock_guard guard(mutex_);
  if (keepers_ > 0) fill(pages);
}

std::size_t ReadyPages::count() const {
  const auto is_there = [](const std::atomic<char*>& each) { return each.load(std::memory_order_relaxed) != nullptr; };
  return static_cast<std::size_t>(std::count_if(pages_.begin(), pages_.end(), is_there));
}

void ReadyPages::begin_keeping() {
  const std::lock_guard guard(mutex_);
  if (keepers_++ > 0) return;
  keeping_.store(true, std::memory_order_release);
  thread_ = std::thread([this] { keep(); });
}

void ReadyPages::end_keeping() {
  const std::lock_guard guard(mutex_);
  if (--keepers_ > 0) return;
  keeping_.store(false, std::memory_order_release);
  wanted_.notify();
  thread_.join();
  drop_to(0);
  destroy_retired();
}

void ReadyPages::keep() {
  pthread_setname_np(pthread_self(), "pages");
  while (keeping_.load(std::memory_order_acquire)) {
    fill(kept);
    destroy_retired();
    // Only a surplus has an end; otherwise there is nothing to do until a page is taken.
    const bool surplus = count() > kept;
    if (!wanted_.wait_until(Clock::now() + (surplus ? Clock::duration{surplus_kept} : Clock::duration{1h})) && surplus) drop_to(kept);
  }
  destroy_retired();
}

void ReadyPages::retire(std::shared_ptr<void> gone) {
  if (!keeping_.load(std::memory_order_acquire)) return;
  retired_.enqueue(std::move(gone));
  wanted_.notify();
}

void ReadyPages::destroy_retired() {
  std::shared_ptr<void> gone;
  while (retired_.try_dequeue(gone)) gone.reset();
}

void ReadyPages::fill(std::size_t pages) {
  for (std::size_t at = 0; at < pages_max && count() < pages; ++at) {
    if (pages_[at].load(std::memory_order_relaxed) != nullptr) continue;
    char* page = HugeMemory::mapped_page();
    // All of it, for a system that has no huge page at hand gives small ones.
    for (std::size_t byte = 0; byte < HugeMemory::page_bytes; byte += small_page_bytes) page[byte] = 0;
    char* none = nullptr;
    if (!pages_[at].compare_exchange_strong(none, page, std::memory_order_release)) munmap(page, HugeMemory::page_bytes);
  }
}

void ReadyPages::drop_to(std::size_t pages) {
  for (std::atomic<char*>& each : pages_) {
    if (count() <= pages) return;
    if (char* page = each.exchange(nullptr, std::memory_order_acquire)) munmap(page, HugeMemory::page_bytes);
  }
}

}  // namespace weir
