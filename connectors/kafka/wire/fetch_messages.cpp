#include "connectors/kafka/wire/fetch_messages.h"

#include "connectors/kafka/wire/request_frame.h"
#include "connectors/kafka/wire/wire_format.h"

namespace weir::wire {
namespace {

constexpr std::int8_t read_committed = 1;
constexpr std::int32_t none = -1;

}  // namespace

void write_fetch(std::string& frame, std::int32_t correlation, const FetchLimits& limits, const std::vector<FetchPlace>& places) {
  Writer request(frame);
  begin_request(frame, fetch_api, fetch_version, correlation);
  request.int32(none);  // a consumer, no replica
  request.int32(static_cast<std::int32_t>(limits.wait_max.count()));
  request.int32(1);  // bytes at least
  request.int32(limits.bytes_max);
  request.int8(read_committed);
  request.int32(0);     // no session:
  request.int32(none);  // every request says everything
  std::int32_t topics = 0;
  const std::size_t topics_place = request.reserve_int32();
  for (std::size_t at = 0; at < places.size(); ++topics) {
    std::size_t end = at;
    while (end < places.size() && places[end].topic == places[at].topic) ++end;
    request.string(places[at].topic);
    request.int32(static_cast<std::int32_t>(end - at));
    for (; at < end; ++at) {
      request.int32(places[at].partition);
      request.int32(none);  // epoch of the leader
      request.int64(places[at].offset);
      request.int64(none);  // where a replica's log begins
      request.int32(limits.partition_bytes_max);
    }
  }
  request.set_int32(topics_place, topics);
  request.int32(0);    // nothing to forget
  request.string({});  // rack
  end_request(frame);
}

bool read_fetch(std::string_view bytes, FetchAnswer& into) {
  Reader answer(bytes);
  into.partitions.clear();
  into.correlation = answer.int32();
  into.throttle = std::chrono::milliseconds{answer.int32()};
  into.error = static_cast<ErrorCode>(answer.int16());
  answer.int32();  // session
  for (std::size_t topics = answer.array(6); topics > 0; --topics) {
    const std::string_view topic = answer.string();
    for (std::size_t partitions = answer.array(42); partitions > 0; --partitions) {
      FetchedPartition& one = into.partitions.emplace_back();
      one.topic = topic;
      one.partition = answer.int32();
      one.error = static_cast<ErrorCode>(answer.int16());
      const std::int64_t high_watermark = answer.int64();
      const std::int64_t last_stable_offset = answer.int64();
      one.visible_end = last_stable_offset >= 0 ? last_stable_offset : high_watermark;
      answer.int64();  // where the log begins
      for (std::size_t aborted = answer.array(16); aborted > 0; --aborted) {
        const std::int64_t producer_id = answer.int64();
        one.aborted.push_back({producer_id, answer.int64()});
      }
      answer.int32();  // a replica that the broker would rather have us read
      one.records = answer.long_bytes();
    }
  }
  return answer.ok();
}

}  // namespace weir::wire
