// Records that come twice: which event ids a shard has seen within the horizon, and what was decided about the first of each.
#pragma once

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
// records have none). What counts is the order of records alone, so batches and replays give the same. One a shard; one thread.
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

  std::size_t size() const { return slots_.used(); }
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
    Decided decided;
  };

  std::uint32_t remember(std::string_view id, std::uint32_t tag, std::int64_t time_ms);
  bool is_past(std::uint32_t place, std::int64_t time_ms) const { return time_ms - entries_[place].time_ms > settings_.horizon_ms; }
  void forget(std::uint32_t place);
  void forget_oldest();
  void recycle(std::uint32_t place);

  DuplicateSettings settings_;
  ChunkedArray<Entry> entries_;      // by place; addresses stay
  std::uint32_t idle_ = no_place;    // an entry that nobody needs
  std::deque<std::uint32_t> order_;  // oldest first
  SlotTable slots_{SlotTable::Fill::half};
  std::uint64_t bound_reached_ = 0;
  std::string number_;  // scratch: an id that is a number
  std::string typed_;   // scratch: an id behind its event type
};

}  // namespace weir
