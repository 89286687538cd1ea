// The protocol's error codes as the direct path has them, against librdkafka's.
#include "connectors/kafka/wire/error_codes.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

namespace weir::wire {
namespace {

TEST(ErrorCodes, HaveTheNumbersThatLibrdkafkaGivesThem) {
  using enum ErrorCode;
  const std::vector<std::pair<ErrorCode, rd_kafka_resp_err_t>> same{
      {none, RD_KAFKA_RESP_ERR_NO_ERROR},
      {unknown_topic_or_partition, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART},
      {leader_not_available, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE},
      {not_leader_or_follower, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION},
      {request_timed_out, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT},
      {broker_not_available, RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE},
      {replica_not_available, RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE},
      {message_too_large, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE},
      {record_list_too_large, RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE},
      {coordinator_load_in_progress, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS},
      {coordinator_not_available, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE},
      {not_enough_replicas, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS},
      {not_enough_replicas_after_append, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND},
      {duplicate_sequence_number, RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER},
      {concurrent_transactions, RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS},
      {kafka_storage_error, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR},
      {fenced_leader_epoch, RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH},
      {unknown_leader_epoch, RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH},
      {offset_not_available, RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE},
  };
  for (const auto& [ours, theirs] : same) EXPECT_EQ(static_cast<int>(ours), static_cast<int>(theirs)) << rd_kafka_err2name(theirs);
}

// Where the two call a code differently, Kafka's own name is taken.
TEST(ErrorCodes, HaveTheNamesOfTheProtocol) {
  EXPECT_EQ(error_text(ErrorCode::unknown_topic_or_partition), "UNKNOWN_TOPIC_OR_PARTITION (3)");
  EXPECT_EQ(error_text(ErrorCode{-1}), "UNKNOWN_SERVER_ERROR (-1)");
  EXPECT_EQ(error_text(ErrorCode{999}), "error 999");
  std::size_t alike = 0;
  for (int code = 1; code <= 100; ++code) {
    const std::string theirs = rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(code));
    alike += error_text(static_cast<ErrorCode>(code)) == theirs + " (" + std::to_string(code) + ")" ? 1 : 0;
  }
  EXPECT_GE(alike, 35U) << "so few cannot be right";
}

}  // namespace
}  // namespace weir::wire
