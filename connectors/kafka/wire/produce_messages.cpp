#include "connectors/kafka/wire/produce_messages.h"

#include "connectors/kafka/wire/request_frame.h"
#include "connectors/kafka/wire/wire_format.h"

namespace weir::wire {
namespace {

constexpr std::int16_t null_string = -1;
constexpr std::int16_t acks_all = -1;
constexpr std::int32_t transaction_timeout_ms = 60'000;  // of no meaning without a transaction

}  // namespace

void write_init_producer_id(std::string& frame, std::int32_t correlation) {
  begin_request(frame, init_producer_id_api, init_producer_id_version, correlation);
  Writer request(frame);
  request.int16(null_string);  // transactional id
  request.int32(transaction_timeout_ms);
  end_request(frame);
}

bool read_init_producer_id(std::string_view bytes, InitProducerIdAnswer& into) {
  Reader answer(bytes);
  answer.int32();  // correlation
  answer.int32();  // throttle
  into.error = static_cast<ErrorCode>(answer.int16());
  into.identity.id = answer.int64();
  into.identity.epoch = answer.int16();
  return answer.ok();
}

void write_produce(std::string& frame, std::vector<BrokerConnection::Piece>& pieces, std::int32_t correlation, std::string_view topic,
                   std::chrono::milliseconds timeout, const std::vector<ProducedPartition>& partitions) {
  pieces.clear();
  begin_request(frame, produce_api, produce_version, correlation);
  Writer request(frame);
  request.int16(null_string);  // transactional id
  request.int16(acks_all);
  request.int32(static_cast<std::int32_t>(timeout.count()));
  request.int32(1);  // topic
  request.string(topic);
  request.int32(static_cast<std::int32_t>(partitions.size()));
  std::size_t elsewhere = 0;
  for (const ProducedPartition& one : partitions) {
    request.int32(one.partition);
    request.int32(static_cast<std::int32_t>(one.batch.size()));
    pieces.push_back({frame.size(), one.batch});
    elsewhere += one.batch.size();
  }
  end_request(frame, elsewhere);
}

bool read_produce(std::string_view bytes, ProduceAnswer& into) {
  Reader answer(bytes);
  into.partitions.clear();
  into.correlation = answer.int32();
  for (std::size_t topics = answer.array(6); topics > 0; --topics) {
    answer.string();
    for (std::size_t partitions = answer.array(30); partitions > 0; --partitions) {
      ProduceAnswer::Partition& one = into.partitions.emplace_back();
      one.partition = answer.int32();
      one.error = static_cast<ErrorCode>(answer.int16());
      answer.int64();  // the first record's offset
      answer.int64();  // time of the append
      answer.int64();  // where the log begins
    }
  }
  into.throttle = std::chrono::milliseconds{answer.int32()};
  return answer.ok();
}

}  // namespace weir::wire
