// Which ids a shard remembers, against an oracle that takes out all past ones at once.
#include "engine/pipeline/duplicates.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace weir {
namespace {

class AllAtOnce {
 public:
  explicit AllAtOnce(const DuplicateSettings& settings) : settings_(settings) {}

  bool is_again(const std::string& id, std::int64_t time_ms) {
    const auto is_past = [&](const Id& each) { return time_ms - each.time_ms > settings_.horizon_ms; };
    times_.push_back(time_ms);
    if (times_.size() > 16) times_.pop_front();
    const auto is_past_for_all = [&](const Id& each) {
      return times_.size() == 16 &&
             std::all_of(times_.begin(), times_.end(), [&](std::int64_t time) { return time - each.time_ms > settings_.horizon_ms; });
    };
    while (!ids_.empty() && is_past_for_all(ids_.front())) ids_.pop_front();
    Id* newest = nullptr;
    for (Id& each : ids_)
      if (each.known && each.text == id) newest = &each;
    if (newest != nullptr && !is_past(*newest)) return true;
    if (newest != nullptr) newest->known = false;
    ids_.push_back({id, time_ms, true});
    for (; size() > settings_.ids_max; ++bound_reached) ids_.pop_front();
    return false;
  }
  std::size_t size() const {
    std::size_t known = 0;
    for (const Id& each : ids_) known += each.known ? 1 : 0;
    return known;
  }

  std::uint64_t bound_reached = 0;

 private:
  struct Id {
    std::string text;
    std::int64_t time_ms = 0;
    bool known = false;
  };
  DuplicateSettings settings_;
  std::deque<std::int64_t> times_;  // of the newest rows
  std::deque<Id> ids_;
};

// Asks row by row about batches of any size.
class Asked {
 public:
  explicit Asked(const DuplicateSettings& settings) : duplicates(settings) {
    schema_.fields = {{"id", ValueType::string}, {"at", ValueType::timestamp}};
    schema_.id_field = 0;
    schema_.time_field = 1;
  }

  std::vector<bool> are_again(const std::vector<std::pair<std::string, std::int64_t>>& rows) {
    EventBatch events;
    events.schema = &schema_;
    events.rows = rows.size();
    events.columns.resize(2);
    events.columns[0].type = ValueType::string;
    events.columns[1].type = ValueType::timestamp;
    for (Column& column : events.columns) column.resize(rows.size());
    events.active.assign(rows.size(), true);
    RecordBatch records;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      events.columns[0].strings[row] = rows[row].first;
      events.columns[0].present.set(row);
      events.columns[1].integers[row] = rows[row].second;
      events.columns[1].present.set(row);
      events.record_index.push_back(static_cast<std::uint32_t>(row));
      records.records.emplace_back();
    }
    std::vector<RememberedRow> firsts;
    std::vector<RememberedRow> again;
    duplicates.look(events, records, firsts, again);
    std::vector<bool> found(rows.size(), false);
    for (const RememberedRow& each : again) found[each.row] = true;
    duplicates.release(firsts);
    duplicates.release(again);
    return found;
  }

  Duplicates duplicates;

 private:
  EventSchema schema_;
};

// Streams with pauses longer than the horizon, clocks that go back, and ids that come again soon and late.
void compare(std::uint64_t seed, const DuplicateSettings& settings, std::uint64_t pause_one_in) {
  std::mt19937_64 random(seed);
  AllAtOnce oracle(settings);
  Asked asked(settings);
  std::int64_t now_ms = 1'000'000;
  std::uint64_t next = 0;
  for (int batch = 0; batch < 400; ++batch) {
    std::vector<std::pair<std::string, std::int64_t>> rows;
    std::vector<bool> expected;
    for (std::uint64_t count = 1 + random() % 40; count > 0; --count) {
      now_ms += static_cast<std::int64_t>(random() % 3);
      if (random() % pause_one_in == 0) now_ms += settings.horizon_ms + static_cast<std::int64_t>(random() % 10) - 5;
      const std::int64_t ahead_ms = random() % 100 == 0 ? 1'000'000 : 0;
      const std::int64_t back_ms = random() % 50 == 0 ? static_cast<std::int64_t>(random() % 2'000) : 0;
      const std::uint64_t id = random() % 4 != 0 || next == 0 ? next++ : next - 1 - random() % std::min<std::uint64_t>(next, 3'000);
      rows.emplace_back("id " + std::to_string(id), now_ms - back_ms + ahead_ms);
      expected.push_back(oracle.is_again(rows.back().first, rows.back().second));
    }
    ASSERT_EQ(asked.are_again(rows), expected) << "seed " << seed << ", batch " << batch;
    ASSERT_EQ(asked.duplicates.size(), oracle.size()) << "seed " << seed << ", batch " << batch;
    ASSERT_EQ(asked.duplicates.bound_reached(), oracle.bound_reached) << "seed " << seed << ", batch " << batch;
  }
}

TEST(Duplicates, AreThoseOfAnOracleThatForgetsAllAtOnce) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    compare(seed, {1'500, 100'000}, 2'000);
    compare(seed, {1'500, 100'000}, 300);
    compare(seed, {4'000, 600}, 2'000);
  }
}

TEST(Duplicates, ARecordWhoseClockIsAheadMakesNoIdPast) {
  Asked asked({60'000, 1'000});
  EXPECT_EQ(asked.are_again({{"a", 1'000}, {"b", 900'000'000}, {"a", 2'000}, {"b", 3'000}, {"a", 62'000}, {"a", 62'500}}),
            (std::vector<bool>{false, false, true, true, false, true}));
}

}  // namespace
}  // namespace weir
