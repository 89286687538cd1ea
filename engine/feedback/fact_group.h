// The facts of one kind of key: a table from key to the values that rules wrote last.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "engine/event/batch.h"
#include "engine/event/feedback_spec.h"
#include "engine/features/growing_array.h"
#include "engine/features/name_table.h"
#include "engine/features/recent_past.h"
#include "engine/feedback/batch_keys.h"
#include "engine/feedback/end_times.h"
#include "engine/feedback/feedback_limits.h"

namespace weir {

// The update that arrived last is in force, whatever its event's time; it ends `for` behind the time of the event that made it, for every
// event of that time or later. A key is forgotten when all its facts have ended before everything in the recent past: from then on it is
// not there, although its memory is given back later, a few keys with each one that comes. One thread.
class FactGroup {
 public:
  // `facts`: indexes into `specs` of those with this key; `first_column`: that of specs[0] in FeatureColumns.
  FactGroup(std::span<const FactSpec> specs, std::vector<std::uint32_t> facts, std::size_t first_column, const FeedbackLimits& limits);

  // The same values as a later rule set reads and writes them: `facts` says by place of `before` which of `specs` it is now, or
  // `nobodys`, which holds its key until it ends. Both groups may be used in turns.
  FactGroup(const FactGroup& before, std::span<const FactSpec> specs, std::vector<std::uint32_t> facts, std::size_t first_column);

  static constexpr std::uint32_t nobodys = ~std::uint32_t{0};
  // By place, its index into the rule set's facts.
  const std::vector<std::uint32_t>& facts() const { return facts_; }

  // Once a batch.
  void begin(const EventBatch& batch, const BatchKeys& keys, FeatureColumns& out);
  // Writes the value of each fact as of each of the rows into its column.
  void read(const EventBatch& batch, const BatchKeys& keys, const RowBlock& rows, FeatureColumns& out) const;
  // Facts of other keys are left alone.
  void write(const EventBatch& batch, const BatchKeys& keys, const FactWrite& write);

  // True when the writes of so many rows might meet a limit, and so their order matters: they are written row by row then.
  bool is_near_limit(std::size_t rows) const;
  void add_counters(FeedbackCounters& total) const;

 private:
  static constexpr std::size_t sweep_looks = 16;  // a new key
  static constexpr std::size_t sweep_drops_max = 8;

  struct Slot {
    std::int64_t word = 0;  // of a string: its NameNumber
    std::int64_t ends_ms = EndTimes::never;
  };

  // What stays when another rule set takes over.
  struct Memory {
    NameTable keys;
    NameTable texts;
    GrowingArray<Slot> slots;         // a place for each fact a key, by its number
    GrowingArray<std::uint8_t> held;  // by key: 1 when the number is in use
    EndTimes ends;
    std::size_t swept = 0;  // the key that is looked at next
    RecentPast past;
    std::uint64_t refused = 0;
  };

  Slot* slots(NameNumber key) const { return &memory_->slots[key * facts_.size()]; }
  std::int64_t end_of(const Slot* known) const;
  std::int64_t settled_at(std::size_t row) const;
  void drop(Slot& slot, const FactSpec& spec);
  void drop_all(NameNumber key);
  NameNumber add_key(const BatchKeys& keys, std::size_t row, NameNumber known);
  void sweep();

  bool is_read_by(std::size_t place, std::size_t type) const {
    return specs_[place].read_by == 0 || (specs_[place].read_by >> type & 1U) != 0;
  }

  std::vector<FactSpec> specs_;       // by place; of `nobodys` as it was
  std::vector<std::uint32_t> facts_;  // by place
  std::size_t first_column_;
  FeedbackLimits limits_;
  bool for_some_types_ = false;  // some fact is not read by all
  std::shared_ptr<Memory> memory_;
  // How far the stream has settled, as of the rows of the batch: from each row on, ascending. The first is row 0.
  std::vector<std::pair<std::size_t, std::int64_t>> settled_;
};

}  // namespace weir
