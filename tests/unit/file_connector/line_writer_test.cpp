#include "connectors/file/line_writer.h"

#include <deque>

#include "connectors/file/file_sink.h"
#include "engine/event/dead_letter.h"
#include "tests/unit/file_connector/file_fixture.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

// Takes what it is told to take, fails when it is told to fail.
class FakeTarget : public LineTarget {
 public:
  struct Script {
    std::mutex mutex;
    std::deque<std::size_t> appends;  // sizes to take; 0: fail; at the end of the list: everything
    int sync_failures = 0;
    std::string text;         // what was appended
    std::size_t durable = 0;  // of it
    bool rewind = false;
  };
  explicit FakeTarget(Script& script) : script_(script) {}

  Status open() override { return success(); }
  Result<std::size_t> append(std::string_view bytes) override {
    const std::lock_guard lock(script_.mutex);
    if (script_.rewind) script_.text.resize(script_.durable);
    script_.rewind = false;
    std::size_t size = bytes.size();
    if (!script_.appends.empty()) {
      size = std::min(size, script_.appends.front());
      script_.appends.pop_front();
    }
    if (size == 0) return Error{ErrorKind::retryable, "no space left"};
    script_.text.append(bytes.substr(0, size));
    return size;
  }
  Status sync() override {
    const std::lock_guard lock(script_.mutex);
    if (script_.sync_failures > 0) {
      --script_.sync_failures;
      script_.rewind = true;
      return Error{ErrorKind::retryable, "input/output error"};
    }
    script_.durable = script_.text.size();
    return success();
  }

 private:
  Script& script_;
};

OutputBatch outputs_of(const std::vector<std::string>& values, LaneIndex lane = 0) {
  OutputBatch batch;
  batch.lane = lane;
  for (const std::string& value : values) {
    Output output;
    output.value = {static_cast<std::uint32_t>(batch.bytes.size()), static_cast<std::uint32_t>(value.size())};
    batch.bytes.append(value);
    batch.outputs.push_back(output);
  }
  return batch;
}

class LineWriterTest : public FolderTest {
 protected:
  LineWriterTest() {
    limits.retry_first = 0ms;
    limits.retry_max = 0ms;
  }

  void open(LaneIndex lanes = 1) {
    writer = std::make_unique<LineWriter>(std::make_unique<FakeTarget>(script), limits);
    ASSERT_TRUE(writer
                    ->open(
                        lanes, [](void* counter, LaneIndex) { static_cast<std::atomic<int>*>(counter)->fetch_add(1); }, &woken)
                    .ok());
  }

  static std::uint64_t collect(Sink& sink, LaneIndex lane, std::uint64_t wanted) {
    std::uint64_t count = 0;
    std::vector<Acknowledgement> parts;
    wait_for([&] {
      parts.clear();
      sink.collect(lane, parts);
      for (const Acknowledgement& part : parts) count += part.count;
      return count >= wanted;
    });
    return count;
  }

  FakeTarget::Script script;
  LineWriterLimits limits;
  std::atomic<int> woken{0};
  std::unique_ptr<LineWriter> writer;
};

TEST_F(LineWriterTest, WritesALineForEachOutputAndAcknowledgesIt) {
  open(2);
  OutputBatch first = outputs_of({"{\"a\":1}", "{\"b\":2}"}, 0);
  OutputBatch second = outputs_of({"{\"c\":3}"}, 1);
  EXPECT_EQ(writer->offer(first, 1), 1U);
  EXPECT_EQ(collect(*writer, 0, 1), 1U);
  EXPECT_EQ(writer->offer(second, 0), 1U);
  EXPECT_EQ(collect(*writer, 1, 1), 1U);
  EXPECT_EQ(script.text, "{\"b\":2}\n{\"c\":3}\n");
  EXPECT_EQ(woken.load(), 2);
  EXPECT_EQ(writer->state().delivered, 2U);
  EXPECT_EQ(writer->state().queued, 0U);
}

TEST_F(LineWriterTest, AWriteThatFailsHalfWayGoesOnWhereItStopped) {
  script.appends = {3, 0, 0, 2};
  open();
  OutputBatch batch = outputs_of({"first", "second"});
  writer->offer(batch, 0);
  EXPECT_EQ(collect(*writer, 0, 2), 2U);
  EXPECT_EQ(script.text, "first\nsecond\n");
  EXPECT_EQ(writer->state().retries, 2U);
  EXPECT_TRUE(writer->state().healthy);
}

TEST_F(LineWriterTest, AFailedSyncWritesEverythingSinceTheLastOneAgain) {
  script.sync_failures = 2;
  open();
  OutputBatch batch = outputs_of({"first", "second"});
  writer->offer(batch, 0);
  EXPECT_EQ(collect(*writer, 0, 2), 2U);
  EXPECT_EQ(script.text, "first\nsecond\n");
  EXPECT_EQ(script.durable, script.text.size());
}

TEST_F(LineWriterTest, NothingIsAcknowledgedWhileTheTargetRefuses) {
  script.appends.assign(1'000'000, 0);
  open();
  OutputBatch batch = outputs_of({"first"});
  writer->offer(batch, 0);
  wait_for([&] { return writer->state().retries > 10; });
  std::vector<Acknowledgement> parts;
  writer->collect(0, parts);
  EXPECT_TRUE(parts.empty());
  EXPECT_FALSE(writer->state().healthy);
  EXPECT_EQ(writer->state().last_error, "no space left");
  EXPECT_EQ(writer->state().queued, 1U);
  writer->close(std::chrono::steady_clock::now());
}

TEST_F(LineWriterTest, TakesNoMoreThanItsQueueHolds) {
  script.appends.assign(1'000'000, 0);
  limits.queue_outputs_max = 3;
  open();
  OutputBatch batch = outputs_of({"1", "2", "3", "4", "5"});
  EXPECT_EQ(writer->offer(batch, 0), 3U);
  EXPECT_EQ(writer->offer(batch, 3), 0U);
  {
    const std::lock_guard lock(script.mutex);
    script.appends.clear();
  }
  EXPECT_EQ(collect(*writer, 0, 3), 3U);
  EXPECT_EQ(writer->offer(batch, 3), 2U);
  EXPECT_EQ(collect(*writer, 0, 2), 2U);
  EXPECT_EQ(script.text, "1\n2\n3\n4\n5\n");
}

TEST_F(LineWriterTest, ClosingWritesWhatWasTaken) {
  open();
  std::vector<OutputBatch> batches;
  std::string expected;
  for (int index = 0; index < 500; ++index) {
    batches.push_back(outputs_of({std::to_string(index)}));
    expected += std::to_string(index) + "\n";
  }
  for (OutputBatch& batch : batches) ASSERT_EQ(writer->offer(batch, 0), 1U);
  writer->close(std::chrono::steady_clock::now() + 1h);
  EXPECT_EQ(script.text, expected);
  EXPECT_EQ(collect(*writer, 0, 500), 500U);
}

class FileSinkTest : public LineWriterTest {
 protected:
  Status open_file(const std::filesystem::path& path) {
    sink = make_file_sink({path, FileSync::batch});
    return sink->open(
        1, [](void*, LaneIndex) {}, nullptr);
  }
  std::unique_ptr<Sink> sink;
};

TEST_F(FileSinkTest, MakesItsFolderAndAppends) {
  const std::filesystem::path path = folder / "deep" / "er" / "out.jsonl";
  for (const char* value : {"one", "two"}) {
    ASSERT_TRUE(open_file(path).ok());
    OutputBatch batch = outputs_of({value});
    sink->offer(batch, 0);
    EXPECT_EQ(collect(*sink, 0, 1), 1U);
    sink->close(std::chrono::steady_clock::now() + 1h);
  }
  EXPECT_EQ(read(path), "one\ntwo\n");
}

TEST_F(FileSinkTest, CutsATornLastLineOff) {
  write(folder / "out", "whole\ntor");
  ASSERT_TRUE(open_file(folder / "out").ok());
  OutputBatch batch = outputs_of({"next"});
  sink->offer(batch, 0);
  EXPECT_EQ(collect(*sink, 0, 1), 1U);
  EXPECT_EQ(read(folder / "out"), "whole\nnext\n");
}

TEST_F(FileSinkTest, CutsATornLineLongerThanABlockOff) {
  write(folder / "out", "whole\n" + std::string(200'000, 'x'));
  ASSERT_TRUE(open_file(folder / "out").ok());
  EXPECT_EQ(read(folder / "out"), "whole\n");
  sink->close(std::chrono::steady_clock::now());
  write(folder / "out", std::string(200'000, 'x'));
  ASSERT_TRUE(open_file(folder / "out").ok());
  EXPECT_EQ(read(folder / "out"), "");
}

TEST_F(FileSinkTest, AFullDiskIsShownAndKeepsTheOutputs) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  ASSERT_TRUE(open_file("/dev/full").ok());
  OutputBatch batch = outputs_of({"value"});
  sink->offer(batch, 0);
  wait_for([&] { return !sink->state().healthy; });
  EXPECT_EQ(sink->state().last_error, "cannot write to `/dev/full`: No space left on device");
  EXPECT_EQ(sink->state().queued, 1U);
  sink->close(std::chrono::steady_clock::now());
}

TEST_F(FileSinkTest, AFolderThatCannotBeMadeIsSaidByName) {
  write(folder / "file", "x");
  const Status opened = open_file(folder / "file" / "out");
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().text.find("cannot create the folder `" + (folder / "file").string() + "`"), std::string::npos);
}

TEST_F(FileSinkTest, DeadLettersAreJsonLinesWithTheWholeRecord) {
  RecordBatch records;
  records.headers = {{"trace", "\xff\x00z", false}, {"empty", {}, true}, {"\xfe", "v", false}};
  RecordView record;
  record.key = "k\"1";
  record.has_key = true;
  record.value = "not json\n";
  record.has_value = true;
  record.offset = 7;
  record.timestamp_ms = 123;
  record.header_count = 3;
  records.records.push_back(record);
  records.headers[0].value = std::string_view("\xff\x00z", 3);
  OutputBatch batch;
  batch.kind = OutputKind::dead_letter;
  const DeadLetter letter{"parse", "not_json", "The value is not valid JSON at byte 0", "abc", 42};
  append_dead_letter(batch, records, record, {"payments", "pay.ments", 3}, letter);
  record = {};
  append_dead_letter(batch, records, record, {"payments", "pay.ments", 3}, {"parse", "tombstone", "no value", "", 43});

  ASSERT_TRUE(open_file(folder / "dead").ok());
  sink->offer(batch, 0);
  EXPECT_EQ(collect(*sink, 0, 2), 2U);
  EXPECT_EQ(read(folder / "dead"),
            R"({"topic":"pay.ments","partition":3,"offset":7,"timestamp":123,"key":"ayIx","value":"bm90IGpzb24K",)"
            R"("headers":[{"name":"trace","value":"/wB6"},{"name":"empty","value":null},{"name_base64":"/g==","value":"dg=="}],)"
            R"("stage":"parse","reason":"not_json","message":"The value is not valid JSON at byte 0","ruleset":"abc"})"
            "\n"
            R"({"topic":"pay.ments","partition":3,"offset":0,"timestamp":null,"key":null,"value":null,"headers":[],)"
            R"("stage":"parse","reason":"tombstone","message":"no value","ruleset":""})"
            "\n");
  EXPECT_EQ(batch.outputs[0].ack_sequence, 42U);
  const OutputHeader& topic = batch.headers[3];
  EXPECT_EQ(batch.view(topic.name), "__connect.errors.topic");
  EXPECT_EQ(batch.view(topic.value), "pay.ments");
}

}  // namespace
}  // namespace weir
