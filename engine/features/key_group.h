// The windows of all features with one `by`: a map from key to that key's recent events.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine/event/batch.h"
#include "engine/features/answers.h"
#include "engine/features/feature_limits.h"
#include "engine/features/feature_plan.h"
#include "engine/features/feature_store.h"
#include "engine/features/hot_key.h"
#include "engine/features/key_encoder.h"
#include "engine/features/key_state.h"
#include "engine/features/name_table.h"
#include "engine/features/recent_past.h"
#include "engine/features/ring_view.h"
#include "engine/features/same_bytes.h"
#include "engine/features/slab.h"
#include "engine/features/slot_table.h"
#include "engine/features/span_scan.h"
#include "engine/features/window_scan.h"

namespace weir {

// Hashes the keys of a stretch of rows and asks for their slots. Then it goes through the rows: while one is added and answered, those
// behind it are on their way, each a step further than the next: to the state that its slot names, to what the state points to. One thread.
class KeyGroup {
 public:
  KeyGroup(KeyGroupPlan plan, const FeatureStoreLimits& limits);
  ~KeyGroup();
  KeyGroup(const KeyGroup&) = delete;
  KeyGroup& operator=(const KeyGroup&) = delete;

  // `out` may be null: state only.
  void apply(const EventBatch& batch, FeatureColumns* out);

  // As FeatureStore's.
  void begin_waves(const EventBatch& batch, FeatureColumns& out) {
    answers_.bind(plan_, out, batch.rows);
    size_absent(batch.rows);
    if (!left_behind_.empty()) let_go(batch.rows);
  }
  void apply(const EventBatch& batch, const RowBlock& rows, RowUse use);
  void empty_windows(const EventBatch& batch, std::size_t row);

  // What `apply` reads of a batch besides the time.
  void add_columns_read(std::vector<ColumnIndex>& columns) const;

  // Another version of the rule set from the next `apply` on: a view is the plan under that version's numbers.
  const KeyGroupPlan& plan() const { return plan_; }
  void show(const KeyGroupPlan& view) { show_plan(plan_, view); }

  std::int64_t retain_ms() const { return plan_.retain_ms; }
  // Rows of the last batch that were too late for their key, ascending.
  const std::vector<std::uint32_t>& too_late_rows() const { return too_late_rows_; }
  const std::vector<ColumnIndex>& by() const { return plan_.by; }
  EventTypeSet from() const { return plan_.from; }
  void add_totals(FeatureStoreCounters& total) const;  // without a walk over the keys
  void add_counters(FeatureStoreCounters& total) const;

 private:
  static constexpr std::size_t stretch_words = 4;
  static constexpr std::size_t stretch_rows = stretch_words * BitMask::word_bits;
  static constexpr std::size_t rows_apart = 10;  // of the steps towards a row: enough for memory to arrive, few enough to stay near

  using RowBits = std::array<std::uint64_t, stretch_words>;
  static bool is_in(const RowBits& rows, std::size_t place) {
    return (rows[place / BitMask::word_bits] >> (place % BitMask::word_bits) & 1U) != 0;
  }
  template <typename Visit>
  static void for_each_bit(const RowBits& rows, Visit visit) {
    for (std::size_t word = 0; word < stretch_words; ++word)
      for (std::uint64_t bits = rows[word]; bits != 0; bits &= bits - 1)
        visit(word * BitMask::word_bits + static_cast<std::size_t>(std::countr_zero(bits)));
  }

  // A row of the stretch at hand.
  struct RowKey {
    std::string_view bytes;
    SlotTable::Run run;
    std::uint32_t tag = 0;
  };

  const Column& source(const EventBatch& batch, ColumnIndex column) const { return column == no_column ? absent_ : batch.columns[column]; }
  void size_absent(std::size_t rows);
  void count_missing(const EventBatch& batch, std::size_t word, std::uint64_t without);
  RowBits stage_keys(const EventBatch& batch, std::size_t begin, const RowBits& wanted);
  template <typename Visit>
  void approach(const EventBatch& batch, std::size_t begin, const RowBits& rows, const RowBits& taken, Visit visit);
  void hash_key(std::size_t place) {
    keys_[place].tag = SlotTable::tag_of(NameTable::hash(keys_[place].bytes));
    keys_[place].run = table_.run_of(keys_[place].tag);
  }
  void approach_slots(const EventBatch& batch, std::size_t row, std::size_t place, bool taken);
  void approach_state(std::size_t place, bool taken);
  void approach_ring(std::size_t place);
  void approach_counts(std::size_t place, bool taken);
  void intern_names(const EventBatch& batch, std::size_t row, std::size_t place);
  void read_event(const EventBatch& batch, std::size_t row, std::size_t place);
  // False: the event was not added, because it was too late or only an answer was wanted.
  bool add_event(const RowKey& key, Answers* answers, RowUse use);
  void ask(const RowKey& key, std::int64_t time);
  void ask_ring(const RingView& ring, std::size_t begin, std::size_t end, std::uint64_t age, std::int64_t newest);
  void ask_nothing();
  // `keeps`: the event stays; otherwise it is judged and taken out again.
  void add_to_state(SlotTable::Slot& slot, std::uint64_t age, bool keeps, Answers* answers);
  void add_to_ring(SlotTable::Slot& slot, std::uint64_t age, bool keeps, Answers* answers);
  void answer_with_spans(const RingView& ring, const KeyState& state, std::size_t own, Answers& answers);
  void expire(KeyState& state, std::uint64_t advance_ms);
  void expire_by_count(KeyState& state, std::uint64_t advance_ms);
  void drop_oldest(KeyState& state);
  void leave_behind(KeyState& state);
  void give_up(std::unique_ptr<HotKey> hot);
  void let_go(std::size_t rows);

  KeyState& state_at(BlockRef block) const { return *reinterpret_cast<KeyState*>(slab_.at(block)); }
  BlockRef new_block(std::string_view key, std::uint32_t tag, std::int64_t newest, std::size_t entries);
  bool make_room(SlotTable::Slot& slot);
  void make_hot(SlotTable::Slot& slot);
  void cool_down(SlotTable::Slot& slot);
  SlotTable::Slot& slot_of(const RowKey& key) const {
    return SlotTable::find(key.run, key.tag, [&](BlockRef block) { return same_bytes(state_at(block).key(), key.bytes); });
  }
  SlotTable::Slot& add_key(const RowKey& key, SlotTable::Slot* empty);
  void approach_idle(std::span<const BlockRef> blocks) const;
  bool is_idle(const KeyState& state) const;
  void forget(BlockRef block);

  KeyGroupPlan plan_;
  FeatureStoreLimits limits_;
  FeatureStoreCounters counters_;
  KeyEncoder encoder_;
  SlotTable table_{SlotTable::Fill::three_quarters};
  Slab slab_;
  NameTable names_;
  WindowScan scan_;
  SpanScan span_scan_;
  Answers answers_;
  RecentPast past_;
  RingEvent event_;
  std::vector<std::uint32_t> too_late_rows_;
  Column absent_;  // stands for columns that the rule set has no more
  std::array<RowKey, stretch_rows> keys_;
  std::array<HotKey*, stretch_rows> hot_ahead_{};    // of rows that are approached; none after any of them has ended
  std::deque<std::unique_ptr<HotKey>> left_behind_;  // of many events that nobody sees any more: only names are still to be given back
  std::vector<char> nothing_;                        // stands for the ring of a key that is not there
  std::vector<std::array<std::uint64_t, stretch_rows>> names_of_rows_;  // by ring column that holds names: hashes, then numbers
};

}  // namespace weir
