// Error codes of Kafka's protocol that this path tells apart.
#pragma once

#include <cstdint>
#include <string>

namespace weir::wire {

enum class ErrorCode : std::int16_t {
  none = 0,
  unknown_topic_or_partition = 3,
  leader_not_available = 5,
  not_leader_or_follower = 6,
  request_timed_out = 7,
  broker_not_available = 8,
  replica_not_available = 9,
  message_too_large = 10,
  coordinator_load_in_progress = 14,
  coordinator_not_available = 15,
  record_list_too_large = 18,
  not_enough_replicas = 19,
  not_enough_replicas_after_append = 20,
  duplicate_sequence_number = 46,
  concurrent_transactions = 51,
  kafka_storage_error = 56,
  fenced_leader_epoch = 74,
  unknown_leader_epoch = 75,
  offset_not_available = 78,
};

// "UNKNOWN_TOPIC_OR_PARTITION (3)"; what has no name here is "error 99".
std::string error_text(ErrorCode error);

// The leader is another now, or will be: ask who.
inline bool leader_may_have_moved(ErrorCode error) {
  switch (error) {
    case ErrorCode::unknown_topic_or_partition:
    case ErrorCode::leader_not_available:
    case ErrorCode::not_leader_or_follower:
    case ErrorCode::request_timed_out:
    case ErrorCode::broker_not_available:
    case ErrorCode::replica_not_available:
    case ErrorCode::kafka_storage_error:
    case ErrorCode::fenced_leader_epoch:
    case ErrorCode::unknown_leader_epoch:
    case ErrorCode::offset_not_available:
      return true;
    default:
      return false;
  }
}

}  // namespace weir::wire
