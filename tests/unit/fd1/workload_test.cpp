#include "bench/fd1/workload.h"

#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "bench/fd1/oracle.h"
#include "gtest/gtest.h"

namespace weir::fd1 {
namespace {

std::vector<WorkloadRecord> records_of(std::uint64_t seed) {
  Workload workload(*workload_size("T"), seed);
  std::vector<WorkloadRecord> records;
  for (WorkloadRecord record; workload.next(record);) records.push_back(record);
  return records;
}

TEST(Workload, GivesTheSameBytesForTheSameSeedAndOthersForAnother) {
  const auto first = records_of(7);
  const auto again = records_of(7);
  const auto other = records_of(8);
  ASSERT_EQ(first.size(), workload_size("T")->events);
  ASSERT_EQ(again.size(), first.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    ASSERT_EQ(again[i].value, first[i].value);
    ASSERT_EQ(again[i].key, first[i].key);
  }
  EXPECT_NE(other[0].value, first[0].value);
}

TEST(Workload, IsMalformedExactlyWhereItSaysSo) {
  std::size_t malformed = 0;
  for (const WorkloadRecord& record : records_of(1)) {
    ASSERT_EQ(parse_event(record.value).has_value(), !record.malformed) << record.value;
    ASSERT_EQ(record.value.find('\n'), std::string::npos);
    malformed += record.malformed ? 1 : 0;
  }
  EXPECT_GT(malformed, 5U);
  EXPECT_LT(malformed, 60U);
}

TEST(Workload, KeysRecordsByTheirCardAndNumbersThemOnce) {
  std::unordered_set<std::string> ids;
  for (const WorkloadRecord& record : records_of(1)) {
    const auto event = parse_event(record.value);
    if (!event) continue;
    ASSERT_EQ(event->card, record.key);
    ASSERT_TRUE(ids.insert(event->id).second) << event->id;
  }
}

TEST(Workload, WritesLateEventsAtMostTwoSecondsAfterTheirTime) {
  const WorkloadSize size = *workload_size("T");
  std::int64_t slot = 0;
  std::size_t late = 0;
  for (const WorkloadRecord& record : records_of(1)) {
    const std::int64_t written_ms = first_time_ms + slot++ * day_ms / static_cast<std::int64_t>(size.events_per_day);
    const auto event = parse_event(record.value);
    if (!event) continue;
    ASSERT_LE(event->time_ms, written_ms);
    ASSERT_GE(event->time_ms, written_ms - 2'000);
    late += event->time_ms < written_ms ? 1 : 0;
  }
  EXPECT_GT(late, 100U);
  EXPECT_LT(late, 300U);
}

TEST(Workload, ChangesTheOrderOfFields) {
  std::set<std::string> beginnings;
  for (const WorkloadRecord& record : records_of(1)) {
    if (!record.malformed) beginnings.insert(record.value.substr(0, 8));
  }
  EXPECT_GE(beginnings.size(), 4U);
}

}  // namespace
}  // namespace weir::fd1
