// Record batches byte by byte: what is read, what is skipped, and what is refused.
#include "connectors/kafka/wire/record_set.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "connectors/kafka/wire/crc32c.h"
#include "connectors/kafka/wire/record_batch_writer.h"
#include "connectors/kafka/wire/wire_format.h"

namespace weir::wire {
namespace {

struct Sent {
  std::int64_t offset = 0;
  std::string value;
};

struct BatchMaker {
  std::int64_t base_offset = 0;
  std::int32_t last_delta = 0;
  std::int16_t attributes = 0;
  std::int64_t producer_id = -1;
  std::int64_t timestamp_ms = 1'700'000'000'000;
  std::int8_t magic = 2;
  std::string records;
  std::int32_t count = 0;

  static void varint(std::string& to, std::int64_t value) {
    auto bits = (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
    for (; bits >= 0x80; bits >>= 7) to.push_back(static_cast<char>(0x80 | (bits & 0x7f)));
    to.push_back(static_cast<char>(bits));
  }
  static void field(std::string& to, const std::optional<std::string>& bytes) {
    varint(to, bytes ? static_cast<std::int64_t>(bytes->size()) : -1);
    if (bytes) to.append(*bytes);
  }

  BatchMaker& add(std::int32_t offset_delta, const std::optional<std::string>& key, const std::optional<std::string>& value,
                  const std::vector<std::pair<std::string, std::optional<std::string>>>& headers = {}) {
    std::string body(1, '\0');
    varint(body, offset_delta * 10);  // milliseconds
    varint(body, offset_delta);
    field(body, key);
    field(body, value);
    varint(body, static_cast<std::int64_t>(headers.size()));
    for (const auto& [name, text] : headers) {
      field(body, name);
      field(body, text);
    }
    varint(records, static_cast<std::int64_t>(body.size()));
    records += body;
    ++count;
    last_delta = std::max(last_delta, offset_delta);
    return *this;
  }

  std::string bytes() const {
    std::string checked;
    Writer body(checked);
    body.int16(attributes);
    body.int32(last_delta);
    body.int64(timestamp_ms);
    body.int64(timestamp_ms + 5'000);
    body.int64(producer_id);
    body.int16(0);
    body.int32(0);
    body.int32(count);
    checked += records;
    std::string whole;
    Writer out(whole);
    out.int64(base_offset);
    out.int32(static_cast<std::int32_t>(4 + 1 + 4 + checked.size()));
    out.int32(0);
    out.int8(magic);
    out.int32(static_cast<std::int32_t>(crc32c_by_table(checked)));
    return whole + checked;
  }
};

BatchMaker data_batch(std::int64_t base_offset, std::size_t records, std::int64_t producer_id = -1) {
  BatchMaker made;
  made.base_offset = base_offset;
  made.producer_id = producer_id;
  if (producer_id >= 0) made.attributes = 0x10;
  for (std::size_t at = 0; at < records; ++at)
    made.add(static_cast<std::int32_t>(at), "k", std::to_string(base_offset + static_cast<std::int64_t>(at)));
  return made;
}

std::string marker(std::int64_t offset, std::int64_t producer_id, bool abort) {
  BatchMaker made;
  made.base_offset = offset;
  made.producer_id = producer_id;
  made.attributes = 0x30;
  made.add(0, std::string("\0\0\0", 3) + (abort ? '\0' : '\1'), std::string(6, '\0'));
  return made.bytes();
}

// A set over bytes with room behind them, as answers have it.
RecordSet set_of(const std::string& bytes, std::vector<AbortedTransaction> aborted = {}) {
  auto memory = std::make_shared<std::string>(bytes + std::string(Arena::padding_bytes, 'x'));
  const std::string_view view(memory->data(), bytes.size());
  return {std::move(memory), view, std::move(aborted)};
}

struct ReadAll {
  RecordSet::Stop stop = RecordSet::Stop::end;
  std::int64_t next_offset = 0;
  std::vector<std::string> values;
};

ReadAll read_all(RecordSet set, std::int64_t from = 0, std::size_t records_max = 1'000) {
  ReadAll all;
  all.next_offset = from;
  do {
    OwnedRecordBatch batch;
    all.stop = set.read(batch, records_max, 1 << 20, all.next_offset);
    EXPECT_LE(batch.records.size(), records_max);
    for (const RecordView& record : batch.records) all.values.emplace_back(record.value);
  } while (all.stop == RecordSet::Stop::full);
  return all;
}

TEST(RecordSet, ReadsKeysValuesHeadersOffsetsAndTimestamps) {
  BatchMaker made;
  made.base_offset = 100;
  made.add(0, "key", "value", {{"h", "1"}, {"none", std::nullopt}, {"empty", ""}});
  made.add(3, std::nullopt, std::nullopt);
  made.add(4, "", "");
  RecordSet set = set_of(made.bytes());
  EXPECT_EQ(set.end_offset(), 105);
  OwnedRecordBatch batch;
  std::int64_t next = 100;
  EXPECT_EQ(set.read(batch, 10, 1'000, next), RecordSet::Stop::end);
  EXPECT_EQ(next, 105);
  ASSERT_EQ(batch.records.size(), 3U);
  const RecordView& full = batch.records[0];
  EXPECT_EQ(full.key, "key");
  EXPECT_EQ(full.value, "value");
  EXPECT_EQ(full.offset, 100);
  EXPECT_EQ(full.timestamp_ms, 1'700'000'000'000);
  ASSERT_EQ(full.header_count, 3U);
  EXPECT_EQ(batch.headers[0].name, "h");
  EXPECT_EQ(batch.headers[0].value, "1");
  EXPECT_TRUE(batch.headers[1].null);
  EXPECT_FALSE(batch.headers[2].null);
  EXPECT_FALSE(batch.records[1].has_key);
  EXPECT_FALSE(batch.records[1].has_value);
  EXPECT_EQ(batch.records[1].offset, 103);
  EXPECT_EQ(batch.records[1].timestamp_ms, 1'700'000'000'030);
  EXPECT_TRUE(batch.records[2].has_key);
  EXPECT_TRUE(batch.records[2].has_value);
  EXPECT_EQ(batch.bytes, 8U);
  EXPECT_EQ(batch.borrowed.size(), 1U) << "the batch keeps the memory";
}

TEST(RecordSet, TakesTheBrokersTimeWhereTheTopicStampsByArrival) {
  BatchMaker made = data_batch(0, 1);
  made.attributes = 0x08;
  OwnedRecordBatch batch;
  std::int64_t next = 0;
  RecordSet set = set_of(made.bytes());
  set.read(batch, 10, 1'000, next);
  EXPECT_EQ(batch.records.at(0).timestamp_ms, 1'700'000'005'000);
}

TEST(RecordSet, StopsAtTheLimitsAndGoesOnThere) {
  const std::string bytes = data_batch(0, 10).bytes() + data_batch(10, 10).bytes();
  const ReadAll all = read_all(set_of(bytes), 0, 3);
  ASSERT_EQ(all.values.size(), 20U);
  for (std::size_t at = 0; at < 20; ++at) EXPECT_EQ(all.values[at], std::to_string(at));
  EXPECT_EQ(all.next_offset, 20);
}

TEST(RecordSet, LeavesOutWhatLiesBelowTheWantedOffset) {
  const ReadAll all = read_all(set_of(data_batch(0, 5).bytes()), 3);
  EXPECT_EQ(all.values, (std::vector<std::string>{"3", "4"}));
}

TEST(RecordSet, IgnoresABatchThatIsCutOff) {
  const std::string whole = data_batch(0, 2).bytes();
  const std::string second = data_batch(2, 2).bytes();
  for (std::size_t cut = 0; cut < second.size(); ++cut) {
    RecordSet set = set_of(whole + second.substr(0, cut));
    EXPECT_EQ(set.end_offset(), 2) << cut;
    EXPECT_EQ(read_all(std::move(set)).values.size(), 2U) << cut;
  }
  EXPECT_EQ(set_of(second.substr(0, 70)).end_offset(), RecordSet::nothing_whole);
}

TEST(RecordSet, HidesAbortedTransactionsAndMarkers) {
  // Producer 7 aborts [0, 2), producer 8 commits [2, 4), then 7 commits [5, 7).
  const std::string bytes = data_batch(0, 2, 7).bytes() + data_batch(2, 2, 8).bytes() + marker(4, 7, true) + data_batch(5, 2, 7).bytes() +
                            marker(7, 8, false) + marker(8, 7, false);
  const ReadAll all = read_all(set_of(bytes, {{7, 0}}));
  EXPECT_EQ(all.values, (std::vector<std::string>{"2", "3", "5", "6"}));
  EXPECT_EQ(all.next_offset, 9) << "markers take offsets as well";
  EXPECT_EQ(read_all(set_of(bytes)).values.size(), 6U) << "only what the broker calls aborted is hidden";
}

TEST(RecordSet, MayBeginWithTheEndOfAnAbortedTransaction) {
  const std::string bytes = marker(4, 7, true) + data_batch(5, 2, 7).bytes() + marker(7, 7, false);
  EXPECT_EQ(read_all(set_of(bytes, {{7, 0}}), 4).values, (std::vector<std::string>{"5", "6"}));
}

TEST(RecordSet, RefusesWhatIsCompressedOldOrDamaged) {
  BatchMaker compressed = data_batch(2, 2);
  compressed.attributes = 3;  // lz4
  const ReadAll before = read_all(set_of(data_batch(0, 2).bytes() + compressed.bytes()));
  EXPECT_EQ(before.stop, RecordSet::Stop::unsupported);
  EXPECT_EQ(before.values.size(), 2U);
  EXPECT_EQ(before.next_offset, 2) << "where another reader goes on";

  BatchMaker old = data_batch(0, 2);
  old.magic = 1;
  EXPECT_EQ(set_of(old.bytes()).end_offset(), RecordSet::not_readable);

  const std::string good = data_batch(0, 3).bytes();
  for (std::size_t at = 21; at < good.size(); ++at) {
    std::string damaged = good;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    const ReadAll read = read_all(set_of(damaged));
    EXPECT_NE(read.stop, RecordSet::Stop::end) << at;
    EXPECT_TRUE(read.values.empty()) << at;
  }
}

TEST(RecordBatchWriter, WritesWhatIsReadBack) {
  RecordBatchWriter writer;
  const std::vector<RecordHeader> headers{{"h", "1", false}, {"none", {}, true}, {"empty", "", false}};
  const std::string large(100'000, 'x');
  for (int round = 0; round < 2; ++round) {
    writer.clear();
    writer.append({"key", "value", true, true, 1'700'000'000'500, headers});
    writer.append({"", "", true, true, 1'700'000'000'000, {}});
    writer.append({{}, {}, false, false, 1'700'000'900'000, {}});
    writer.append({"k", large, true, true, -1, {}});
    writer.seal({9, 1}, 70);
    RecordSet set = set_of(std::string(writer.view()));
    EXPECT_EQ(set.end_offset(), 4);
    OwnedRecordBatch batch;
    std::int64_t next = 0;
    ASSERT_EQ(set.read(batch, 100, 1 << 20, next), RecordSet::Stop::end);
    ASSERT_EQ(batch.records.size(), 4U);
    EXPECT_EQ(batch.records[0].key, "key");
    EXPECT_EQ(batch.records[0].value, "value");
    EXPECT_EQ(batch.records[0].timestamp_ms, 1'700'000'000'500);
    ASSERT_EQ(batch.records[0].header_count, 3U);
    EXPECT_EQ(batch.headers[0].value, "1");
    EXPECT_TRUE(batch.headers[1].null);
    EXPECT_TRUE(batch.records[1].has_key && batch.records[1].has_value);
    EXPECT_EQ(batch.records[1].timestamp_ms, 1'700'000'000'000);
    EXPECT_FALSE(batch.records[2].has_key || batch.records[2].has_value);
    EXPECT_EQ(batch.records[2].timestamp_ms, 1'700'000'900'000);
    EXPECT_EQ(batch.records[3].value, large);
    EXPECT_EQ(batch.records[3].timestamp_ms, -1);
  }
}

TEST(RecordBatchWriter, PartsOfABatchAreAsIfTheyWereWrittenAlone) {
  const std::vector<RecordHeader> headers{{"h", "1", false}, {"none", {}, true}};
  const std::string large(70'000, 'x');
  const std::vector<RecordToWrite> records{{"a", "first", true, true, 2'000, headers},
                                           {{}, {}, false, false, 1'000, {}},
                                           {"b", large, true, true, 900'000, headers},
                                           {"", "", true, true, -1, {}},
                                           {"c", "last", true, true, 3'000, {}}};
  RecordBatchWriter whole;
  for (const RecordToWrite& record : records) whole.append(record);
  whole.seal({9, 1}, 70);
  for (std::size_t first = 0; first < records.size(); ++first)
    for (std::size_t count = 1; first + count <= records.size(); ++count) {
      RecordBatchWriter part;
      RecordBatchWriter alone;
      part.append_from(whole, first, count);
      for (std::size_t at = first; at < first + count; ++at) alone.append(records[at]);
      part.seal({9, 1}, 70);
      alone.seal({9, 1}, 70);
      EXPECT_EQ(part.view(), alone.view()) << first << " " << count;
    }
}

TEST(Crc32c, IsTheSameByInstructionAndByTable) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);  // the check value of the Castagnoli polynomial
  std::string bytes;
  for (std::size_t size = 0; size < 10'000; size += 1 + size / 7) {
    while (bytes.size() < size) bytes.push_back(static_cast<char>(bytes.size() * 131 + bytes.size() / 256));
    EXPECT_EQ(crc32c(std::string_view(bytes).substr(0, size)), crc32c_by_table(std::string_view(bytes).substr(0, size))) << size;
  }
}

TEST(WireReader, ReadsVarintsOfAllLengthsAndFailsBeyondTheEnd) {
  for (int bit = 0; bit < 63; ++bit)
    for (const std::int64_t value : {std::int64_t{1} << bit, -(std::int64_t{1} << bit), (std::int64_t{1} << bit) - 1}) {
      std::string bytes;
      BatchMaker::varint(bytes, value);
      Reader reader(bytes);
      EXPECT_EQ(reader.varint(), value);
      EXPECT_TRUE(reader.ok());
      EXPECT_EQ(reader.left(), 0U);
      Reader cut(std::string_view(bytes).substr(0, bytes.size() - 1));
      cut.varint();
      EXPECT_FALSE(cut.ok());
    }
  Reader reader(std::string_view("\0\0\1", 3));
  EXPECT_EQ(reader.int16(), 0);
  EXPECT_EQ(reader.int32(), 0);
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace weir::wire
