#include "connectors/kafka/wire/record_set.h"

#include <algorithm>
#include <utility>

#include "connectors/kafka/wire/crc32c.h"
#include "connectors/kafka/wire/record_batch_format.h"

namespace weir::wire {
namespace {

using namespace batch_format;

constexpr std::int16_t codec_bits = 0x07;
constexpr std::int16_t append_time_bit = 0x08;
constexpr std::int16_t transactional_bit = 0x10;
constexpr std::int16_t control_bit = 0x20;
constexpr std::int16_t abort_marker = 0;
constexpr std::size_t smallest_record_bytes = 7;

// Far beyond any log, and far from an overflow.
constexpr std::int64_t offset_max = std::int64_t{1} << 62;

bool is_range(std::int64_t base_offset, std::int64_t last_delta) {
  return base_offset >= 0 && base_offset < offset_max && last_delta >= 0;
}

std::int32_t int32_at(const char* at) {
  return Reader({at, 4}).int32();
}
std::int64_t int64_at(const char* at) {
  return Reader({at, 8}).int64();
}

}  // namespace

RecordSet::RecordSet(std::shared_ptr<const void> memory, std::string_view bytes, std::vector<AbortedTransaction> aborted)
    : memory_(std::move(memory)), batches_(bytes), bytes_(bytes.size()), aborted_(std::move(aborted)) {
  std::sort(aborted_.begin(), aborted_.end(),
            [](const AbortedTransaction& a, const AbortedTransaction& b) { return a.first_offset < b.first_offset; });
  if (bytes.size() > magic_place && bytes[magic_place] != magic) end_offset_ = not_readable;
  for (std::string_view rest = bytes; rest.size() >= header_bytes && rest[magic_place] == magic;) {
    const std::int32_t length = int32_at(rest.data() + length_place);
    if (length < static_cast<std::int32_t>(header_bytes - length_end) || static_cast<std::size_t>(length) > rest.size() - length_end) break;
    const std::int64_t base_offset = int64_at(rest.data());
    const std::int32_t last_delta = int32_at(rest.data() + last_delta_place);
    if (!is_range(base_offset, last_delta)) {
      end_offset_ = not_readable;
      return;
    }
    end_offset_ = base_offset + last_delta + 1;
    rest.remove_prefix(length_end + static_cast<std::size_t>(length));
  }
}

// The next batch with records to be seen.
RecordSet::Opened RecordSet::open_batch() {
  for (;;) {
    if (batches_.left() < header_bytes) return Opened::nothing_left;
    const char* begin = batches_.at();
    const std::int32_t length = int32_at(begin + length_place);
    if (length < static_cast<std::int32_t>(header_bytes - length_end))
      return begin[magic_place] == magic ? Opened::corrupt : Opened::unsupported;
    const std::size_t size = length_end + static_cast<std::size_t>(length);
    if (size > batches_.left()) return Opened::nothing_left;
    const std::string_view batch = batches_.bytes(size);

    Reader header(batch);
    base_offset_ = header.int64();
    header.skip(8);  // length, epoch of the leader
    if (header.int8() != magic) return Opened::unsupported;
    if (static_cast<std::uint32_t>(header.int32()) != crc32c(batch.substr(crc_from))) return Opened::corrupt;
    const std::int16_t attributes = header.int16();
    const std::int32_t last_delta = header.int32();
    if (!is_range(base_offset_, last_delta)) return Opened::corrupt;
    const std::int64_t last_offset = base_offset_ + last_delta;
    base_timestamp_ms_ = header.int64();
    const std::int64_t max_timestamp_ms = header.int64();
    append_timestamp_ms_ = (attributes & append_time_bit) != 0 ? max_timestamp_ms : -1;
    const std::int64_t producer_id = header.int64();
    header.skip(6);  // the producer's epoch and sequence
    const std::int32_t count = header.int32();
    begin_aborted(last_offset);
    if ((attributes & control_bit) != 0) {
      take_marker(header, producer_id);
      continue;
    }
    if ((attributes & transactional_bit) != 0 && is_aborted(producer_id)) continue;
    if ((attributes & codec_bits) != 0) return Opened::unsupported;
    if (count < 0 || static_cast<std::size_t>(count) > header.left() / smallest_record_bytes) return Opened::corrupt;
    last_delta_ = last_delta;
    records_ = header;
    records_left_ = count;
    if (count > 0) return Opened::records;  // compaction may leave a batch without records
  }
}

// Also where a marker comes first: the set may begin with the end of a transaction.
void RecordSet::begin_aborted(std::int64_t last_offset) {
  for (; aborted_seen_ < aborted_.size() && aborted_[aborted_seen_].first_offset <= last_offset; ++aborted_seen_)
    aborting_.push_back(aborted_[aborted_seen_].producer_id);
}

bool RecordSet::is_aborted(std::int64_t producer_id) const {
  return std::find(aborting_.begin(), aborting_.end(), producer_id) != aborting_.end();
}

// A marker is one record whose key says, after a version, whether the transaction is committed or aborted.
void RecordSet::take_marker(Reader records, std::int64_t producer_id) {
  records.varint();  // length
  records.int8();    // attributes
  records.varint();  // timestamp
  records.varint();  // offset
  const std::int64_t key_bytes = records.varint();
  records.int16();  // version
  if (key_bytes < 4 || records.int16() != abort_marker || !records.ok()) return;
  if (const auto found = std::find(aborting_.begin(), aborting_.end(), producer_id); found != aborting_.end()) aborting_.erase(found);
}

bool RecordSet::read_record(OwnedRecordBatch& batch, RecordView& record) {
  const std::int64_t length = records_.varint();
  if (length < 0 || static_cast<std::uint64_t>(length) > records_.left()) return false;
  Reader fields(records_.bytes(static_cast<std::size_t>(length)));
  fields.int8();  // attributes: none are defined
  const std::int64_t timestamp_delta = fields.varint();
  record.timestamp_ms =
      append_timestamp_ms_ >= 0
          ? append_timestamp_ms_
          : static_cast<std::int64_t>(static_cast<std::uint64_t>(base_timestamp_ms_) + static_cast<std::uint64_t>(timestamp_delta));
  const std::int64_t offset_delta = fields.varint();
  if (offset_delta < 0 || offset_delta > last_delta_) return false;
  record.offset = base_offset_ + offset_delta;
  const auto field = [&fields](bool& there) -> std::string_view {
    const std::int64_t size = fields.varint();
    there = size >= 0;
    return there ? fields.bytes(static_cast<std::size_t>(size)) : std::string_view{};
  };
  record.key = field(record.has_key);
  record.value = field(record.has_value);
  const std::int64_t headers = fields.varint();
  if (headers < 0 || static_cast<std::uint64_t>(headers) > fields.left() / 2 + 1) return false;
  if (headers > 0) {
    record.header_first = static_cast<std::uint32_t>(batch.headers.size());
    record.header_count = static_cast<std::uint32_t>(headers);
    for (std::int64_t at = 0; at < headers; ++at) {
      HeaderView header;
      bool there = false;
      header.name = field(there);
      header.value = field(there);
      header.null = !there;
      batch.headers.push_back(header);
    }
  }
  return fields.ok();
}

RecordSet::Stop RecordSet::read(OwnedRecordBatch& batch, std::size_t records_max, std::size_t bytes_max, std::int64_t& next_offset) {
  bool shares = false;
  for (;;) {
    if (records_left_ == 0) {
      switch (open_batch()) {
        case Opened::records:
          break;
        case Opened::nothing_left:
          next_offset = std::max(next_offset, end_offset_);
          return Stop::end;
        case Opened::unsupported:
          return Stop::unsupported;
        case Opened::corrupt:
          return Stop::corrupt;
      }
    }
    for (; records_left_ > 0; --records_left_) {
      if (batch.records.size() >= records_max || batch.bytes >= bytes_max) return Stop::full;
      RecordView record;
      const std::size_t headers = batch.headers.size();
      if (!read_record(batch, record)) {
        batch.headers.resize(headers);
        return Stop::corrupt;
      }
      if (record.offset < next_offset) {  // the batch of the wanted offset comes whole
        batch.headers.resize(headers);
        continue;
      }
      next_offset = record.offset + 1;
      batch.bytes += record.key.size() + record.value.size();
      batch.records.push_back(record);
      if (!shares) batch.borrowed.push_back(memory_);
      shares = true;
    }
  }
}

}  // namespace weir::wire
