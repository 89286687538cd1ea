#include "connectors/file/file_source.h"

#include <memory>

#include "tests/unit/file_connector/file_fixture.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

class FileSourceTest : public FolderTest {
 protected:
  void start(bool follow = false) {
    source.reset();
    owner = std::make_unique<FakeShardOwner>();
    source = std::make_unique<FileSource>("payments", FileSourceSettings{folder / "in.jsonl", follow}, limits,
                                          folder / "state" / "payments", shards);
    const Status started = source->start(*owner, 2);
    ASSERT_TRUE(started.ok()) << started.error().text;
    wait_for([&] { return owner->assigned.load(std::memory_order_acquire); });
  }

  RecordBatch* next_batch() {
    RecordBatch* batch = nullptr;
    wait_for([&] { return (batch = source->reader(0).poll(1ms)) != nullptr; });
    return batch;
  }

  // "offset:value" of every record up to the end of the shard.
  std::vector<std::string> drain() {
    std::vector<std::string> lines;
    while (true) {
      RecordBatch* batch = next_batch();
      for (const RecordView& record : batch->records) lines.push_back(std::to_string(record.offset) + ":" + std::string(record.value));
      const bool end = batch->end_of_shard;
      source->reader(0).release(batch);
      if (end) return lines;
    }
  }

  BatchLimits limits;
  ShardNumbers shards;
  std::unique_ptr<FakeShardOwner> owner;
  std::unique_ptr<FileSource> source;
};

TEST_F(FileSourceTest, EachLineIsARecordWithItsNumberAsOffset) {
  write(folder / "in.jsonl", "{\"a\":1}\n\n{\"b\":2}\r\nlast without a break");
  start();
  EXPECT_EQ(drain(), (std::vector<std::string>{"0:{\"a\":1}", "1:", "2:{\"b\":2}\r", "3:last without a break"}));
  ASSERT_EQ(owner->starts.size(), 1U);
  EXPECT_EQ(owner->starts[0].name.topic, "in.jsonl");
  EXPECT_EQ(owner->starts[0].live_from, 0);
}

TEST_F(FileSourceTest, AnEmptyFileEndsAtOnce) {
  write(folder / "in.jsonl", "");
  start();
  EXPECT_TRUE(drain().empty());
  wait_for([&] { return source->finished(); });
}

TEST_F(FileSourceTest, IsFinishedOnlyOnceEverythingIsCommitted) {
  write(folder / "in.jsonl", "1\n2\n3\n");
  start();
  drain();
  EXPECT_FALSE(source->finished());
  EXPECT_EQ(source->lag().records, 3);
  owner->next_offset = 3;
  wait_for([&] { return source->finished(); });
  EXPECT_EQ(source->lag().records, 0);
}

TEST_F(FileSourceTest, ARestartReplaysFromTheFirstLineUpToTheCommittedOne) {
  write(folder / "in.jsonl", "1\n2\n3\n");
  start();
  drain();
  owner->next_offset = 2;
  source->stop(std::chrono::steady_clock::now() + 1s);
  start();
  EXPECT_EQ(owner->starts[0].replay_from, 0);
  EXPECT_EQ(owner->starts[0].live_from, 2);
  EXPECT_EQ(drain().size(), 3U);
}

TEST_F(FileSourceTest, ReadsFromTheFirstLineAgainWhenStateIsToBeBuiltAnew) {
  write(folder / "in.jsonl", "one\ntwo\nthree\n");
  start();
  const std::vector<std::string> all{"0:one", "1:two", "2:three"};
  EXPECT_EQ(drain(), all);
  owner->next_offset = 2;
  source->reader(0).pause(0);
  owner->anew = true;
  wait_for([&] { return owner->count.load(std::memory_order_acquire) == 2; });
  EXPECT_EQ(owner->starts[1].live_from, 2);
  EXPECT_GT(owner->starts[1].epoch, owner->starts[0].epoch);
  EXPECT_EQ(drain(), all);
}

TEST_F(FileSourceTest, PositionsOfAnotherFileAreNotTaken) {
  write(folder / "in.jsonl", "1\n2\n3\n");
  write(folder / "other", "1\n");
  start();
  drain();
  owner->next_offset = 2;
  source->stop(std::chrono::steady_clock::now() + 1s);
  FakeShardOwner other_owner;
  FileSource other("payments", FileSourceSettings{folder / "other", false}, limits, folder / "state" / "payments", shards);
  ASSERT_TRUE(other.start(other_owner, 1).ok());
  wait_for([&] { return other_owner.assigned.load(std::memory_order_acquire); });
  EXPECT_EQ(other_owner.starts[0].live_from, 0);
}

TEST_F(FileSourceTest, AFileShorterThanItsPositionFailsTheShard) {
  write(folder / "in.jsonl", "1\n2\n3\n");
  start();
  drain();
  owner->next_offset = 3;
  source->stop(std::chrono::steady_clock::now() + 1s);
  write(folder / "in.jsonl", "1\n");
  start();
  EXPECT_FALSE(next_batch()->end_of_shard);
  wait_for([&] { return owner->failed.load(std::memory_order_acquire); });
  EXPECT_EQ(owner->failure, "the file has 1 lines, but 3 were committed: it was cut or replaced; remove `" +
                                (folder / "state" / "payments").string() + "` to begin anew");
  EXPECT_FALSE(source->finished());
}

TEST_F(FileSourceTest, AFileThatIsFollowedAndShorterThanItsPositionFailsTheShard) {
  write(folder / "in.jsonl", "1\n2\n3\n");
  start();
  drain();
  owner->next_offset = 3;
  source->stop(std::chrono::steady_clock::now() + 1s);
  write(folder / "in.jsonl", "1\n");
  start(true);
  EXPECT_EQ(next_batch()->records.size(), 1U);
  wait_for([&] { return owner->failed.load(std::memory_order_acquire); });
  EXPECT_NE(owner->failure.find("it was cut or replaced"), std::string::npos) << owner->failure;
}

TEST_F(FileSourceTest, ALastLineThatWasCommittedWithoutItsBreakIsNoCut) {
  write(folder / "in.jsonl", "1\n2\n3");
  start();
  drain();
  owner->next_offset = 3;
  source->stop(std::chrono::steady_clock::now() + 1s);
  start(true);
  EXPECT_EQ(next_batch()->records.size(), 2U);
  write(folder / "in.jsonl", "1\n2\n3\n4\n");
  EXPECT_EQ(next_batch()->records.back().offset, 3);
  EXPECT_FALSE(owner->failed.load(std::memory_order_acquire));
}

TEST_F(FileSourceTest, AFileThatBeginsWithAnotherLineIsRefused) {
  write(folder / "in.jsonl", "1\n2\n");
  start();
  drain();
  owner->next_offset = 2;
  source->stop(std::chrono::steady_clock::now() + 1s);
  write(folder / "in.jsonl", "7\n2\n3\n");
  FileSource replaced("payments", FileSourceSettings{folder / "in.jsonl", false}, limits, folder / "state" / "payments", shards);
  FakeShardOwner nobody;
  const Status started = replaced.start(nobody, 1);
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().kind, ErrorKind::configuration);
  EXPECT_EQ(started.error().text, "`" + (folder / "in.jsonl").string() +
                                      "` begins with another line than when 2 of its lines were committed: it was replaced; remove `" +
                                      (folder / "state" / "payments").string() + "` to begin anew");
}

TEST_F(FileSourceTest, FollowingWaitsForTheBreakOfTheLastLine) {
  write(folder / "in.jsonl", "1\nhal");
  start(true);
  RecordBatch* batch = next_batch();
  ASSERT_EQ(batch->records.size(), 1U);
  EXPECT_EQ(source->reader(0).poll(0us), nullptr);
  write(folder / "in.jsonl", "f\n", std::ios::app);
  RecordBatch* second = next_batch();
  ASSERT_EQ(second->records.size(), 1U);
  EXPECT_EQ(second->records[0].value, "half");
  EXPECT_EQ(second->records[0].offset, 1);
  EXPECT_EQ(batch->records[0].value, "1");
  source->reader(0).release(second);
  source->reader(0).release(batch);
  EXPECT_FALSE(source->finished());
}

TEST_F(FileSourceTest, AFollowedFileThatShrinksFailsTheShard) {
  write(folder / "in.jsonl", "1\n2\n");
  start(true);
  source->reader(0).release(next_batch());
  write(folder / "in.jsonl", "1\n");
  wait_for([&] {
    EXPECT_EQ(source->reader(0).poll(0us), nullptr);
    return owner->failed.load(std::memory_order_acquire);
  });
  EXPECT_NE(owner->failure.find("became shorter"), std::string::npos);
}

TEST_F(FileSourceTest, ViewsStayValidUntilTheirBatchIsReleased) {
  std::string text;
  std::vector<std::string> expected;
  for (int line = 0; line < 20'000; ++line) {
    std::string value = "line " + std::to_string(line) + std::string(static_cast<std::size_t>(line % 97), 'x');
    text += value + "\n";
    expected.push_back(value);
  }
  expected.insert(expected.begin() + 5000, std::string(3'000'000, 'L'));
  text.clear();
  for (const std::string& value : expected) text += value + "\n";
  write(folder / "in.jsonl", text);
  limits.records_max = 7;
  start();
  std::vector<RecordBatch*> held;
  do held.push_back(next_batch());
  while (!held.back()->end_of_shard);
  std::size_t line = 0;
  for (const RecordBatch* batch : held) {
    EXPECT_LE(batch->records.size(), 7U);
    for (const RecordView& record : batch->records) ASSERT_EQ(record.value, expected[line++]);
  }
  EXPECT_EQ(line, expected.size());
  for (RecordBatch* batch : held) source->reader(0).release(batch);
}

TEST_F(FileSourceTest, SixtyFourReadableBytesFollowEveryValue) {
  write(folder / "in.jsonl", "1\n2\nno break");
  start();
  RecordBatch* batch = next_batch();
  unsigned sum = 0;
  for (const RecordView& record : batch->records)
    for (std::size_t index = 0; index < 64; ++index) sum += static_cast<unsigned char>(record.value.data()[record.value.size() + index]);
  EXPECT_GE(sum, 0U);  // the sanitizer judges
  source->reader(0).release(batch);
}

TEST_F(FileSourceTest, APausedShardKeepsItsRecords) {
  write(folder / "in.jsonl", "1\n");
  start();
  LaneReader& reader = source->reader(0);
  reader.pause(0);
  EXPECT_EQ(reader.poll(0us), nullptr);
  reader.resume(0);
  EXPECT_EQ(drain().size(), 1U);
}

TEST_F(FileSourceTest, OtherLanesHaveNothingToRead) {
  write(folder / "in.jsonl", "1\n");
  start();
  EXPECT_EQ(source->reader(1).poll(0us), nullptr);
}

TEST_F(FileSourceTest, ABatchEndsAtItsBytes) {
  write(folder / "in.jsonl", "aaaa\nbbbb\ncccc\n");
  limits.bytes_max = 5;
  start();
  RecordBatch* batch = next_batch();
  EXPECT_EQ(batch->records.size(), 2U);
  source->reader(0).release(batch);
}

TEST_F(FileSourceTest, AMissingFileIsSaidByName) {
  FileSource missing("payments", FileSourceSettings{folder / "none.jsonl", false}, limits, folder / "state", shards);
  FakeShardOwner nobody;
  const Status started = missing.start(nobody, 1);
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().kind, ErrorKind::configuration);
  EXPECT_EQ(started.error().text, "cannot open `" + (folder / "none.jsonl").string() + "` for reading: No such file or directory");
}

}  // namespace
}  // namespace weir
