// The records of one partition out of one Fetch response: record batches (magic 2) read in place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "connectors/kafka/wire/wire_format.h"
#include "engine/event/record.h"
#include "engine/event/record_batch_pool.h"

namespace weir::wire {

// Transactions of this producer from this offset on, up to the marker that aborts them, are not to be seen.
struct AbortedTransaction {
  std::int64_t producer_id = 0;
  std::int64_t first_offset = 0;
};

// Walks the batches front to back, skips what read_committed does not show (aborted transactions, markers) and checks each batch's CRC
// before anything in it is believed. An incomplete batch at the end is not there: the broker cuts responses where it likes.
class RecordSet {
 public:
  enum class Stop {
    full,         // a limit of the batch was reached
    end,          // everything was read
    unsupported,  // compressed, or a format before magic 2
    corrupt,      // a CRC or a length is wrong
  };

  // `memory` keeps `bytes` alive, behind which Arena::padding_bytes more are readable.
  RecordSet(std::shared_ptr<const void> memory, std::string_view bytes, std::vector<AbortedTransaction> aborted);

  static constexpr std::int64_t nothing_whole = -1;
  static constexpr std::int64_t not_readable = -2;  // a format before magic 2, or nonsense

  // Where the next fetch begins: behind the last whole batch, or one of the above.
  std::int64_t end_offset() const { return end_offset_; }
  std::size_t bytes() const { return bytes_; }  // when it came

  // Appends views of records from `next_offset` on until `batch` has `records_max` records or `bytes_max` bytes; moves `next_offset` behind
  // the last of them, and at the end to `end_offset`'s. `batch` shares the memory.
  Stop read(OwnedRecordBatch& batch, std::size_t records_max, std::size_t bytes_max, std::int64_t& next_offset);

 private:
  enum class Opened { records, nothing_left, unsupported, corrupt };

  Opened open_batch();
  void begin_aborted(std::int64_t last_offset);
  bool is_aborted(std::int64_t producer_id) const;
  void take_marker(Reader records, std::int64_t producer_id);
  bool read_record(OwnedRecordBatch& batch, RecordView& record);

  std::shared_ptr<const void> memory_;
  Reader batches_;
  std::size_t bytes_ = 0;
  std::int64_t end_offset_ = nothing_whole;
  std::vector<AbortedTransaction> aborted_;  // by first offset
  std::size_t aborted_seen_ = 0;
  std::vector<std::int64_t> aborting_;  // producers with an aborted transaction that has begun

  // The open batch.
  Reader records_{std::string_view{}};
  std::int32_t records_left_ = 0;
  std::int64_t base_offset_ = 0;
  std::int32_t last_delta_ = 0;
  std::int64_t base_timestamp_ms_ = 0;
  std::int64_t append_timestamp_ms_ = -1;  // the broker's, where the topic stamps by time of arrival
};

}  // namespace weir::wire
