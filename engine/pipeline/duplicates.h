// Records that come twice: which event ids a shard has seen within the horizon, and what was decided about the first of each.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/chunked_array.h"
#include "engine/event/batch.h"
#include "engine/event/output.h"
#include "engine/event/record.h"
#include "engine/features/slot_table.h"

namespace weir {

struct DuplicateSettings {
  std::int64_t horizon_ms = 0;    // 0: every record is decided
  std::size_t ids_max = 100'000;  // remembered a shard; beyond it the oldest are forgotten
};

// A row and what is known about its id.
struct RememberedRow {
  std::uint32_t row = 0;
  std::uint32_t place = 0;
};

// A record is a duplicate if its id was first seen at most the horizon before it, by the records' timestamps (by the events' times where
// records have none). What counts is the order of records alone, so batches and replays give the same. However many ids are past at once,
// each row takes only a few of them out. A record whose clock is ahead makes no id past: that takes several in a row. One a shard; one
// thread.
class Duplicates {
 public:
  explicit Duplicates(const DuplicateSettings& settings) : settings_(settings) {}

  // Active rows in order: the first of an id goes to `firsts`; a duplicate becomes inactive and goes to `again`. Rows without an id are
  // left alone. What they name stays until `release`.
  void look(EventBatch& events, const RecordBatch& records, std::vector<RememberedRow>& firsts, std::vector<RememberedRow>& again);
  void release(const std::vector<RememberedRow>& rows);

  // What was decided about the first: a piece of `bytes` for each sink, empty where the decision does not go.
  struct Decided {
    ByteBuffer bytes;
    std::vector<Slice> by_sink;
  };
  Decided& decided(std::uint32_t place) { return entries_[place].decided; }

  std::size_t size() const { return slots_.used() - past_known_; }
  std::uint64_t bound_reached() const { return bound_reached_; }

 private:
  static constexpr std::uint32_t no_place = 0;  // places begin at 1
  struct Entry {
    std::string id;
    std::uint32_t tag = 0;
    std::int64_t time_ms = 0;
    std::uint32_t holders = 0;             // rows of batches in flight
    std::uint32_t idle_before = no_place;  // of an idle one: the next
    bool known = false;                    // among the slots
    bool queued = false;                   // in `order_`
    std::uint64_t number = 0;              // of all that were ever remembered
    Decided decided;
  };
  // So many that follow each other, known as past without a look at each.
  static constexpr std::uint64_t group_size = 256;
  struct Group {
    std::int64_t newest_ms = 0;
    std::uint32_t known = 0;
  };
  static constexpr int removed_a_row = 4;

  std::uint32_t remember(std::string_view id, std::uint32_t tag, std::int64_t time_ms);
  bool is_past(const Entry& entry, std::int64_t time_ms) const {
    return entry.number < first_ || time_ms - entry.time_ms > settings_.horizon_ms;
  }
  Group& group_of(std::uint64_t number) { return groups_[number / group_size - front_ / group_size]; }
  Entry& entry_of(std::uint64_t number) { return entries_[order_[number - front_]]; }
  // Moves `first_` over the oldest ones as far as they are past.
  void pass(std::int64_t time_ms);
  void pass_oldest();
  void forget(std::uint32_t place);
  void remove_oldest();
  void recycle(std::uint32_t place);

  DuplicateSettings settings_;
  ChunkedArray<Entry> entries_;      // by place; addresses stay
  std::uint32_t idle_ = no_place;    // an entry that nobody needs
  std::deque<std::uint32_t> order_;  // oldest first; those below `first_` are past and wait for their removal
  std::deque<Group> groups_;         // of `order_`
  std::uint64_t front_ = 0;          // number of the first in `order_`
  std::uint64_t first_ = 0;          // the first that is not past
  std::uint64_t end_ = 0;            // number of the next
  std::size_t past_known_ = 0;       // of those below `first_`: among the slots
  SlotTable slots_{SlotTable::Fill::half};
  std::uint64_t bound_reached_ = 0;
  std::array<std::int64_t, 16> newest_ms_{};  // the times of the newest rows; what is past for all of them is past
  std::uint64_t rows_seen_ = 0;
  std::string typed_;  // scratch: an id behind the name of its event type
};

}  // namespace weir
