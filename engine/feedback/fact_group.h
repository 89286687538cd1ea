// The facts of one kind of key: a table from key to the values that rules wrote last.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "engine/event/batch.h"
#include "engine/event/feedback_spec.h"
#include "engine/features/name_table.h"
#include "engine/features/recent_past.h"
#include "engine/feedback/batch_keys.h"
#include "engine/feedback/feedback_limits.h"

namespace weir {

// The update that arrived last is in force, whatever its event's time; it ends `for` behind the time of the event that made it, for every
// event of that time or later. A key is forgotten when all its facts have ended before everything in the recent past. One thread.
class FactGroup {
 public:
  // `facts`: indexes into `specs` of those with this key; `first_column`: that of specs[0] in FeatureColumns.
  FactGroup(std::span<const FactSpec> specs, std::vector<std::uint32_t> facts, std::size_t first_column, const FeedbackLimits& limits);

  // Once a batch.
  void begin(const EventBatch& batch, const BatchKeys& keys, FeatureColumns& out);
  // Writes the value of each fact as of each of the rows into its column.
  void read(const EventBatch& batch, const BatchKeys& keys, const RowBlock& rows, FeatureColumns& out) const;
  // Facts of other keys are left alone.
  void write(const EventBatch& batch, const BatchKeys& keys, const FactWrite& write);

  // True when the writes of so many rows might meet a limit, and so their order matters.
  bool is_near_limit(std::size_t rows) const;
  void add_counters(FeedbackCounters& total) const;

 private:
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::min();
  static constexpr std::int64_t endless = std::numeric_limits<std::int64_t>::max();
  static constexpr std::size_t sweep_at_first = 4'096;

  struct Slot {
    std::int64_t word = 0;  // of a string: its NameNumber
    std::int64_t ends_ms = never;
  };

  Slot* slots(NameNumber key) { return &slots_[key * facts_.size()]; }
  const Slot* slots(NameNumber key) const { return &slots_[key * facts_.size()]; }
  void drop(Slot& slot, const FactSpec& spec);
  void sweep();

  std::vector<FactSpec> specs_;       // of the facts below
  std::vector<std::uint32_t> facts_;  // ascending
  std::size_t first_column_;
  FeedbackLimits limits_;
  NameTable keys_;
  NameTable texts_;
  std::vector<Slot> slots_;  // facts_.size() a key, by its number
  std::vector<bool> held_;   // by key: the number is in use
  std::size_t sweep_at_ = sweep_at_first;
  RecentPast past_;
  std::uint64_t refused_ = 0;
};

}  // namespace weir
