// The requests of a reader and their answers: ApiVersions 0 and Fetch 11, the newest without tagged fields, which every broker since 2.3
// knows.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/kafka/wire/error_codes.h"
#include "connectors/kafka/wire/record_set.h"

namespace weir::wire {

constexpr std::int16_t fetch_api = 1;
constexpr std::int16_t fetch_version = 11;

struct FetchPlace {
  std::string_view topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
};

struct FetchLimits {
  std::chrono::milliseconds wait_max{10};  // brokers answer earlier as soon as there is a record, the embedded one does not
  std::int32_t bytes_max = 1024 * 1024;
  std::int32_t partition_bytes_max = 512 * 1024;
  std::size_t ahead_bytes_max = std::size_t{2} * 1024 * 1024;  // of one broker, fetched and not yet read: then no more is asked for
};

// Replaces `frame` by a whole request, its length in front. Places of one topic stand together.
void write_fetch(std::string& frame, std::int32_t correlation, const FetchLimits& limits, const std::vector<FetchPlace>& places);

struct FetchedPartition {
  std::string_view topic;
  std::int32_t partition = 0;
  ErrorCode error = ErrorCode::none;
  std::int64_t visible_end = -1;  // behind the last record that is neither in doubt nor in an open transaction
  std::vector<AbortedTransaction> aborted;
  std::string_view records;
};

struct FetchAnswer {
  std::int32_t correlation = 0;
  std::chrono::milliseconds throttle{0};  // to be waited before the next request
  ErrorCode error = ErrorCode::none;
  std::vector<FetchedPartition> partitions;
};

// From an answer without its length; views point into it. False: it is none.
bool read_fetch(std::string_view answer, FetchAnswer& into);

}  // namespace weir::wire
