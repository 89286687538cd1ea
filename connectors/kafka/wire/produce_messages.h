// The requests of a writer and their answers: InitProducerId 0 and Produce 7, the newest without tagged fields or errors by record.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/kafka/wire/broker_connection.h"
#include "connectors/kafka/wire/error_codes.h"

namespace weir::wire {

constexpr std::int16_t produce_api = 0;
constexpr std::int16_t produce_version = 7;
constexpr std::int16_t init_producer_id_api = 22;
constexpr std::int16_t init_producer_id_version = 0;

// Who wrote a batch: with it and the batch's sequence number the broker knows copies.
struct ProducerIdentity {
  std::int64_t id = -1;
  std::int16_t epoch = -1;
};

void write_init_producer_id(std::string& frame, std::int32_t correlation);
struct InitProducerIdAnswer {
  ErrorCode error = ErrorCode::none;
  ProducerIdentity identity;
};
bool read_init_producer_id(std::string_view answer, InitProducerIdAnswer& into);

struct ProducedPartition {
  std::int32_t partition = 0;
  std::string_view batch;  // a whole record batch
};
// Replaces `frame` and `pieces` by a request with acks from all replicas in sync; the batches are pieces.
void write_produce(std::string& frame, std::vector<BrokerConnection::Piece>& pieces, std::int32_t correlation, std::string_view topic,
                   std::chrono::milliseconds timeout, const std::vector<ProducedPartition>& partitions);

struct ProduceAnswer {
  struct Partition {
    std::int32_t partition = 0;
    ErrorCode error = ErrorCode::none;
  };
  std::int32_t correlation = 0;
  std::vector<Partition> partitions;
  std::chrono::milliseconds throttle{0};
};
bool read_produce(std::string_view answer, ProduceAnswer& into);

}  // namespace weir::wire
