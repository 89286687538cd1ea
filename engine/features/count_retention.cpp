#include "engine/features/count_retention.h"

#include <algorithm>

namespace weir {
namespace {

// The oldest entry that the keep asks for; `end` if there is none.
std::size_t oldest_kept(const CountKeep& keep, const RingView& ring, std::size_t begin, std::size_t end, std::int64_t newest,
                        std::uint64_t advance_ms) {
  std::size_t oldest = end;
  std::uint32_t counted = 0;
  for (std::size_t index = end; index > begin; --index) {
    const std::uint64_t age = ring.age(index - 1, newest) + advance_ms;
    if (age >= static_cast<std::uint64_t>(keep.reach_ms)) break;
    if (age < static_cast<std::uint64_t>(keep.settle_ms)) {
      oldest = index - 1;
    } else if ((ring.flags(index - 1) & keep.flags) == keep.flags) {
      if (counted == keep.events) break;
      ++counted;
      oldest = index - 1;
    }
  }
  return oldest;
}

}  // namespace

std::size_t unneeded_at_front(const KeyGroupPlan& plan, const RingView& ring, std::size_t begin, std::size_t end, std::int64_t newest,
                              std::uint64_t advance_ms) {
  std::size_t oldest = end;
  const auto kept_by_age = [&](std::size_t index) {
    return ring.age(index, newest) + advance_ms < static_cast<std::uint64_t>(plan.retain_time_ms);
  };
  while (oldest > begin && kept_by_age(oldest - 1)) --oldest;
  for (const CountKeep& keep : plan.keeps) {
    if (oldest == begin) break;
    oldest = std::min(oldest, oldest_kept(keep, ring, begin, end, newest, advance_ms));
  }
  return oldest - begin;
}

}  // namespace weir
