#include "engine/recovery/epoch_log.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

namespace weir {
namespace {

namespace fs = std::filesystem;

const ShardName first_shard{"payments", "card payments", 0};
const ShardName second_shard{"payments", "card payments", 1};

fs::path fresh_folder() {
  const fs::path folder =
      fs::path(testing::TempDir()) / (std::string("epochs.") + testing::UnitTest::GetInstance()->current_test_info()->name());
  fs::remove_all(folder);
  return folder;
}

std::string text_of(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::unique_ptr<EpochLog> opened(const fs::path& path) {
  auto log = EpochLog::open(path);
  EXPECT_TRUE(log.ok()) << (log.ok() ? "" : log.error().text);
  return log.ok() ? log.take() : nullptr;
}

EpochChanges epoch(const ShardName& shard, std::uint64_t version, std::int64_t offset) {
  EpochChanges changes;
  changes.epochs.push_back({shard, {version, offset}});
  return changes;
}

TEST(EpochLog, GivesBackWhatWasAppended) {
  const fs::path path = fresh_folder() / "deeper" / "epochs.log";
  {
    const auto log = opened(path);
    EXPECT_TRUE(log->epochs(first_shard).empty());
    ASSERT_TRUE(log->append(epoch(first_shard, 1, 0)));
    ASSERT_TRUE(log->append(epoch(first_shard, 2, 100)));
    EpochChanges more = epoch(second_shard, 2, 7);
    more.bounds.push_back({second_shard, 30, 12});
    more.active = ActiveVersion{2, "abc def"};
    ASSERT_TRUE(log->append(more));
  }
  const auto log = opened(path);
  EXPECT_EQ(log->epochs(first_shard), (std::vector<Epoch>{{1, 0}, {2, 100}}));
  EXPECT_EQ(log->epochs(second_shard), (std::vector<Epoch>{{2, 7}}));
  EXPECT_EQ(log->bound(second_shard), 30);
  EXPECT_EQ(log->decided(second_shard), 12);
  EXPECT_EQ(log->decided(first_shard), -1);
  EXPECT_FALSE(log->bound(first_shard).has_value());
  EXPECT_EQ(log->active(), (ActiveVersion{2, "abc def"}));
  EXPECT_EQ(log->versions_in_use(), (std::set<std::uint64_t>{1, 2}));
}

TEST(EpochLog, AnEpochReplacesThoseThatHaveNotBegunBeforeIt) {
  const auto log = opened(fresh_folder() / "epochs.log");
  ASSERT_TRUE(log->append(epoch(first_shard, 1, 0)));
  ASSERT_TRUE(log->append(epoch(first_shard, 2, 1000)));
  ASSERT_TRUE(log->append(epoch(first_shard, 3, 900)));
  EXPECT_EQ(log->epochs(first_shard), (std::vector<Epoch>{{1, 0}, {3, 900}}));
  ASSERT_TRUE(log->append(epoch(first_shard, 1, 900)));
  EXPECT_EQ(log->epochs(first_shard), (std::vector<Epoch>{{1, 0}}));
}

TEST(EpochLog, CutsOffATornTailWhereverItWasTorn) {
  const fs::path path = fresh_folder() / "epochs.log";
  std::string before;
  {
    const auto log = opened(path);
    ASSERT_TRUE(log->append(epoch(first_shard, 1, 0)));
    before = text_of(path);
    EpochChanges two = epoch(first_shard, 2, 100);
    two.epochs.push_back({second_shard, {2, 50}});
    ASSERT_TRUE(log->append(two));
  }
  const std::string whole = text_of(path);
  const std::size_t first_line_end = whole.find('\n', before.size()) + 1;
  for (std::size_t size = before.size(); size < whole.size(); ++size) {
    write(path, whole.substr(0, size));
    const auto log = opened(path);
    ASSERT_NE(log, nullptr) << size;
    const bool first_line_there = size >= first_line_end;
    EXPECT_EQ(log->epochs(first_shard).size(), first_line_there ? 2U : 1U) << size;
    EXPECT_TRUE(log->epochs(second_shard).empty()) << size;
    // What is appended afterwards stands on whole lines.
    ASSERT_TRUE(log->append(epoch(second_shard, 3, 60)));
    EXPECT_EQ(opened(path)->epochs(second_shard), (std::vector<Epoch>{{3, 60}})) << size;
  }
}

TEST(EpochLog, AFlippedBitInTheLastLineIsATornTailAndElsewhereDamageThatIsNamed) {
  const fs::path path = fresh_folder() / "epochs.log";
  {
    const auto log = opened(path);
    for (std::int64_t number = 0; number < 3; ++number)
      ASSERT_TRUE(log->append(epoch(first_shard, static_cast<std::uint64_t>(number + 1), number * 100)));
  }
  const std::string whole = text_of(path);
  const std::size_t heading = whole.find('\n') + 1;
  const std::size_t last_line = whole.rfind('\n', whole.size() - 2) + 1;
  for (std::size_t at = heading; at < whole.size() - 1; ++at) {
    if (whole[at] == '\n') continue;
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 4);
    if (flipped[at] == '\n') continue;
    write(path, flipped);
    const auto log = EpochLog::open(path);
    if (at >= last_line) {
      ASSERT_TRUE(log.ok()) << at;
      EXPECT_EQ(log.value()->epochs(first_shard).size(), 2U) << at;
    } else {
      ASSERT_FALSE(log.ok()) << at;
      EXPECT_EQ(log.error().kind, ErrorKind::fatal);
      EXPECT_NE(log.error().text.find("is damaged"), std::string::npos) << log.error().text;
    }
  }
}

TEST(EpochLog, RefusesAFileOfAnotherKind) {
  const fs::path path = fresh_folder() / "epochs.log";
  fs::create_directories(path.parent_path());
  write(path, "something else\n");
  const auto log = EpochLog::open(path);
  ASSERT_FALSE(log.ok());
  EXPECT_NE(log.error().text.find("not an epoch log"), std::string::npos);
}

TEST(EpochLog, ShrinksToWhatIsInUse) {
  const fs::path path = fresh_folder() / "epochs.log";
  const auto log = opened(path);
  ASSERT_TRUE(log->append(epoch(first_shard, 1, 0)));
  EpochChanges bounds;
  for (std::int64_t offset = 0; offset < 1000; ++offset) bounds.bounds.push_back({first_shard, offset});
  for (int round = 0; round < 10; ++round) ASSERT_TRUE(log->append(bounds));
  EXPECT_LT(log->records(), 9000U);
  EXPECT_EQ(opened(path)->epochs(first_shard), (std::vector<Epoch>{{1, 0}}));
  EXPECT_EQ(opened(path)->bound(first_shard), 999);
}

TEST(EpochLog, ForgetsEpochsThatNoReplayReaches) {
  const auto log = opened(fresh_folder() / "epochs.log");
  for (std::int64_t number = 0; number < 5; ++number)
    ASSERT_TRUE(log->append(epoch(first_shard, static_cast<std::uint64_t>(number + 1), number * 100)));
  log->forget_before(first_shard, 250);
  EXPECT_EQ(log->epochs(first_shard), (std::vector<Epoch>{{3, 200}, {4, 300}, {5, 400}}));
  EXPECT_EQ(log->versions_in_use(), (std::set<std::uint64_t>{3, 4, 5}));
}

}  // namespace
}  // namespace weir
