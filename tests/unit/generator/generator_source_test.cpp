#include "connectors/generator/generator_source.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

// Takes every shard and says what the test sets as its position.
class OwnerFake final : public ShardOwner {
 public:
  std::chrono::milliseconds history_reach() const override { return reach; }
  void assign(const ShardStart& start) override {
    const std::lock_guard lock(mutex_);
    starts_[start.shard] = start;
    ++assigned_;
  }
  bool wants_anew() const override { return anew; }
  ShardPosition revoke(ShardIndex shard, bool, std::chrono::steady_clock::time_point) override {
    anew = false;
    return position(shard);
  }
  ShardPosition position(ShardIndex shard) const override {
    const std::lock_guard lock(mutex_);
    const auto found = acknowledged_.find(shard);
    return {found == acknowledged_.end() ? -1 : found->second, -1, 0};
  }
  void fail(ShardIndex, const Error&) override {}

  void acknowledge(ShardIndex shard, std::int64_t next_offset) {
    const std::lock_guard lock(mutex_);
    acknowledged_[shard] = next_offset;
  }
  std::map<ShardIndex, ShardStart> starts() const {
    const std::lock_guard lock(mutex_);
    return starts_;
  }

  std::size_t assigned() const {
    const std::lock_guard lock(mutex_);
    return assigned_;
  }

  std::chrono::milliseconds reach{0};
  std::atomic<bool> anew{false};

 private:
  mutable std::mutex mutex_;
  std::map<ShardIndex, ShardStart> starts_;
  std::map<ShardIndex, std::int64_t> acknowledged_;
  std::size_t assigned_ = 0;  // shards so far
};

class GeneratorSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              (std::string("generator.") + testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
    settings_.rate = 0;
    settings_.count = 1'000;
    settings_.shards = 2;
    limits_.records_max = 64;
  }

  std::unique_ptr<GeneratorSource> source(GeneratorClocks clocks = {}) {
    return std::make_unique<GeneratorSource>(GeneratorSource::Place{"payments", folder_}, settings_, limits_, numbers_, clocks);
  }

  // Everything up to the end of both shards, as `shard:offset -> value`; acknowledged as it comes, up to `acknowledged_max` a shard.
  std::map<std::pair<ShardIndex, std::int64_t>, std::string> drain(GeneratorSource& source, OwnerFake& owner,
                                                                   std::int64_t acknowledged_max = 1'000'000) {
    std::map<std::pair<ShardIndex, std::int64_t>, std::string> records;
    std::size_t ended = 0;
    while (ended < settings_.shards) {
      RecordBatch* batch = source.reader(0).poll(100ms);
      if (batch == nullptr) continue;
      EXPECT_LE(batch->records.size(), limits_.records_max);
      for (const RecordView& record : batch->records) {
        records[{batch->shard, record.offset}] = std::string(record.value);
        owner.acknowledge(batch->shard, std::min(record.offset + 1, acknowledged_max));
      }
      ended += batch->end_of_shard ? 1 : 0;
      source.reader(0).release(batch);
    }
    return records;
  }

  std::filesystem::path folder_;
  GeneratorSettings settings_;
  BatchLimits limits_;
  ShardNumbers numbers_;
};

TEST_F(GeneratorSourceTest, HandsOverEveryPaymentOnceAndFinishesWhenTheyAreCommitted) {
  OwnerFake owner;
  const auto generator = source();
  ASSERT_TRUE(generator->start(owner, 1).ok());
  const auto records = drain(*generator, owner);
  EXPECT_EQ(records.size(), 1'000U);
  while (!generator->finished()) EXPECT_EQ(generator->reader(0).poll(1ms), nullptr);
  EXPECT_EQ(generator->lag().records, 0);
  generator->stop(std::chrono::steady_clock::now());
}

TEST_F(GeneratorSourceTest, DoesNotFinishBeforeTheLastPaymentIsAcknowledged) {
  OwnerFake owner;
  settings_.shards = 1;
  const auto generator = source();
  ASSERT_TRUE(generator->start(owner, 1).ok());
  drain(*generator, owner, 999);
  generator->stop(std::chrono::steady_clock::now());
  EXPECT_FALSE(generator->finished());
}

TEST_F(GeneratorSourceTest, MakesTheSamePaymentsAgainAfterARestartAndReplaysWhatWindowsReach) {
  std::map<std::pair<ShardIndex, std::int64_t>, std::string> all;
  {
    OwnerFake owner;
    const auto generator = source();
    ASSERT_TRUE(generator->start(owner, 1).ok());
    all = drain(*generator, owner);
    generator->stop(std::chrono::steady_clock::now());
    std::filesystem::remove_all(folder_);
  }
  OwnerFake first;
  {
    const auto generator = source();
    ASSERT_TRUE(generator->start(first, 1).ok());
    first.acknowledge(0, 300);
    first.acknowledge(1, 200);
    generator->stop(std::chrono::steady_clock::now());
  }
  OwnerFake second;
  second.reach = 100ms;  // two shards make 500 payments a second each: 50 of them
  const auto generator = source();
  ASSERT_TRUE(generator->start(second, 1).ok());
  const auto records = drain(*generator, second);
  ASSERT_EQ(second.starts().at(0).live_from, 300);
  EXPECT_EQ(second.starts().at(0).replay_from, 250);
  EXPECT_EQ(second.starts().at(1).live_from, 200);
  EXPECT_EQ(second.starts().at(1).replay_from, 150);
  EXPECT_EQ(records.size(), 250U + 350U);
  for (const auto& [position, value] : records) ASSERT_EQ(value, all.at(position));
}

TEST_F(GeneratorSourceTest, MakesPaymentsAgainWhenStateIsToBeBuiltAnew) {
  OwnerFake owner;
  const auto generator = source();
  ASSERT_TRUE(generator->start(owner, 1).ok());
  const auto all = drain(*generator, owner, 400);
  owner.reach = 100ms;
  owner.anew = true;
  while (owner.assigned() < 4) std::this_thread::yield();
  const auto records = drain(*generator, owner);
  EXPECT_EQ(owner.starts().at(0).live_from, 400);
  EXPECT_EQ(owner.starts().at(0).replay_from, 350);
  EXPECT_EQ(records.size(), 150U + 150U);
  for (const auto& [position, value] : records) ASSERT_EQ(value, all.at(position));
}

TEST_F(GeneratorSourceTest, RefusesThePositionsOfAnotherSeed) {
  OwnerFake owner;
  {
    const auto generator = source();
    ASSERT_TRUE(generator->start(owner, 1).ok());
  }
  settings_.seed = 99;
  const auto generator = source();
  const Status started = generator->start(owner, 1);
  ASSERT_FALSE(started.ok());
  EXPECT_NE(started.error().text.find("seed is 99"), std::string::npos) << started.error().text;
}

TEST_F(GeneratorSourceTest, KeepsTheMomentOfTheFirstStart) {
  settings_.start_now = true;
  settings_.shards = 1;
  std::int64_t wall_ms = 2'000'000'000'000;
  GeneratorClocks clocks;
  clocks.wall_ms = [&wall_ms] { return wall_ms; };
  for (int run = 0; run < 2; ++run) {
    OwnerFake owner;
    const auto generator = source(clocks);
    ASSERT_TRUE(generator->start(owner, 1).ok());
    RecordBatch* batch = nullptr;
    while (batch == nullptr) batch = generator->reader(0).poll(100ms);
    EXPECT_EQ(batch->records[0].timestamp_ms, 2'000'000'000'000);
    generator->reader(0).release(batch);
    wall_ms += 5'000;
  }
}

TEST_F(GeneratorSourceTest, GivesOutWhatIsDueByTheClockAndNothingMore) {
  settings_.rate = 1'000;
  settings_.shards = 1;
  std::atomic<std::int64_t> clock_ms{1};
  GeneratorClocks clocks;
  clocks.steady = [&clock_ms] { return std::chrono::steady_clock::time_point(std::chrono::milliseconds(clock_ms.load())); };
  OwnerFake owner;
  const auto generator = source(clocks);
  ASSERT_TRUE(generator->start(owner, 1).ok());
  LaneReader& reader = generator->reader(0);
  RecordBatch* batch = nullptr;
  while (batch == nullptr) batch = reader.poll(0us);  // until the control thread has opened the shard
  EXPECT_EQ(batch->records.size(), 1U);
  reader.release(batch);
  EXPECT_EQ(reader.poll(0us), nullptr);
  clock_ms += 10;
  batch = reader.poll(0us);
  ASSERT_NE(batch, nullptr);
  EXPECT_EQ(batch->records.size(), 10U);
  reader.release(batch);
  reader.pause(0);
  clock_ms += 10;
  EXPECT_EQ(reader.poll(0us), nullptr);
  reader.resume(0);
  batch = reader.poll(0us);
  ASSERT_NE(batch, nullptr);
  EXPECT_EQ(batch->records.size(), 10U);
  reader.release(batch);
}

TEST_F(GeneratorSourceTest, WaitsForTheBatchWindowToFillABatch) {
  settings_.rate = 1'000;
  settings_.shards = 1;
  limits_.window = 20ms;
  std::atomic<std::int64_t> clock_ms{1};
  GeneratorClocks clocks;
  clocks.steady = [&clock_ms] { return std::chrono::steady_clock::time_point(std::chrono::milliseconds(clock_ms.load())); };
  OwnerFake owner;
  const auto generator = source(clocks);
  ASSERT_TRUE(generator->start(owner, 1).ok());
  LaneReader& reader = generator->reader(0);
  RecordBatch* batch = nullptr;
  while ((batch = reader.poll(0us)) == nullptr) ++clock_ms;
  EXPECT_GE(batch->records.size(), 20U);
  reader.release(batch);
}

}  // namespace
}  // namespace weir
