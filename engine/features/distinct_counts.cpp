#include "engine/features/distinct_counts.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/base/check.h"
#include "engine/features/ready_pages.h"

namespace weir {
namespace {

constexpr std::size_t moved_at_once_max = 8'192;  // slots
constexpr std::size_t moved_a_value = 8;          // of more: three are enough to be done before the next growth

}  // namespace

// Large ones are pages of the system that nobody has touched: they are not cleared here.
DistinctCounts::Table::Table(std::size_t size) : slots(static_cast<Slot*>(std::calloc(size, sizeof(Slot)))), mask(size - 1) {
  WEIR_CHECK(slots != nullptr);
}

void DistinctCounts::clear() {
  if (table_.size() > moved_at_once_max) ReadyPages::of_process().retire(std::make_shared<Slots>(std::move(table_.slots)));
  *this = DistinctCounts();
}

std::size_t DistinctCounts::bytes() const {
  return (table_.size() + (move_ != nullptr ? move_->from.size() : 0)) * sizeof(Slot);
}

void DistinctCounts::grow() {
  move_ = std::make_unique<Move>(Move{std::exchange(table_, Table(table_.size() * 2))});
  Move& move = *move_;
  while (move.from.slots[move.next].times != 0) ++move.next;  // no run goes over an empty one
  move.left = move.from.size();
  if (move.from.size() <= moved_at_once_max) move_on(std::numeric_limits<std::size_t>::max());
}

// A value that leaves a slot may let another one take its place, which is looked at next. What remains is found as before, for no gap is
// left in front of it.
void DistinctCounts::move_on(std::size_t slots_max) {
  Table& from = move_->from;
  for (; slots_max > 0 && move_->left > 0; --slots_max) {
    const Slot slot = from.slots[move_->next];
    if (slot.times == 0) {
      move_->next = (move_->next + 1) & from.mask;
      --move_->left;
    } else {
      from.erase(move_->next);
      table_.slots[table_.find(slot.value)] = slot;
    }
  }
  if (move_->left > 0) return;
  if (from.size() > moved_at_once_max) ReadyPages::of_process().retire(std::make_shared<Slots>(std::move(from.slots)));
  move_.reset();
}

void DistinctCounts::add_on_the_way(std::uint64_t value) {
  move_on(moved_a_value);
  if (move_ != nullptr) {
    Slot& before = move_->from.slots[move_->from.find(value)];
    if (before.times > 0) {
      ++before.times;
      return;
    }
    if ((used_ + 1) * 2 > table_.size()) move_on(std::numeric_limits<std::size_t>::max());
  }
  add_here(value);
}

void DistinctCounts::remove_on_the_way(std::uint64_t value) {
  move_on(moved_a_value);
  const bool before = move_ != nullptr && move_->from.slots[move_->from.find(value)].times > 0;
  if ((before ? move_->from : table_).remove(value)) --used_;
}

}  // namespace weir
