#include "connectors/kafka/wire/error_codes.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace weir::wire {
namespace {

struct Name {
  int code = 0;
  std::string_view name;
};

// Those that this path's requests are answered with: https://kafka.apache.org/protocol.html#protocol_error_codes
constexpr std::array names{
    Name{-1, "UNKNOWN_SERVER_ERROR"},
    Name{1, "OFFSET_OUT_OF_RANGE"},
    Name{2, "CORRUPT_MESSAGE"},
    Name{3, "UNKNOWN_TOPIC_OR_PARTITION"},
    Name{4, "INVALID_FETCH_SIZE"},
    Name{5, "LEADER_NOT_AVAILABLE"},
    Name{6, "NOT_LEADER_OR_FOLLOWER"},
    Name{7, "REQUEST_TIMED_OUT"},
    Name{8, "BROKER_NOT_AVAILABLE"},
    Name{9, "REPLICA_NOT_AVAILABLE"},
    Name{10, "MESSAGE_TOO_LARGE"},
    Name{13, "NETWORK_EXCEPTION"},
    Name{14, "COORDINATOR_LOAD_IN_PROGRESS"},
    Name{15, "COORDINATOR_NOT_AVAILABLE"},
    Name{16, "NOT_COORDINATOR"},
    Name{17, "INVALID_TOPIC_EXCEPTION"},
    Name{18, "RECORD_LIST_TOO_LARGE"},
    Name{19, "NOT_ENOUGH_REPLICAS"},
    Name{20, "NOT_ENOUGH_REPLICAS_AFTER_APPEND"},
    Name{21, "INVALID_REQUIRED_ACKS"},
    Name{29, "TOPIC_AUTHORIZATION_FAILED"},
    Name{31, "CLUSTER_AUTHORIZATION_FAILED"},
    Name{32, "INVALID_TIMESTAMP"},
    Name{33, "UNSUPPORTED_SASL_MECHANISM"},
    Name{34, "ILLEGAL_SASL_STATE"},
    Name{35, "UNSUPPORTED_VERSION"},
    Name{41, "NOT_CONTROLLER"},
    Name{42, "INVALID_REQUEST"},
    Name{43, "UNSUPPORTED_FOR_MESSAGE_FORMAT"},
    Name{44, "POLICY_VIOLATION"},
    Name{45, "OUT_OF_ORDER_SEQUENCE_NUMBER"},
    Name{46, "DUPLICATE_SEQUENCE_NUMBER"},
    Name{47, "INVALID_PRODUCER_EPOCH"},
    Name{48, "INVALID_TXN_STATE"},
    Name{49, "INVALID_PRODUCER_ID_MAPPING"},
    Name{51, "CONCURRENT_TRANSACTIONS"},
    Name{53, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED"},
    Name{56, "KAFKA_STORAGE_ERROR"},
    Name{58, "SASL_AUTHENTICATION_FAILED"},
    Name{59, "UNKNOWN_PRODUCER_ID"},
    Name{70, "FETCH_SESSION_ID_NOT_FOUND"},
    Name{71, "INVALID_FETCH_SESSION_EPOCH"},
    Name{74, "FENCED_LEADER_EPOCH"},
    Name{75, "UNKNOWN_LEADER_EPOCH"},
    Name{76, "UNSUPPORTED_COMPRESSION_TYPE"},
    Name{78, "OFFSET_NOT_AVAILABLE"},
    Name{87, "INVALID_RECORD"},
    Name{89, "THROTTLING_QUOTA_EXCEEDED"},
    Name{90, "PRODUCER_FENCED"},
};

}  // namespace

std::string error_text(ErrorCode error) {
  const auto code = static_cast<int>(error);
  const auto known = std::find_if(names.begin(), names.end(), [code](const Name& one) { return one.code == code; });
  if (known == names.end()) return "error " + std::to_string(code);
  return std::string(known->name) + " (" + std::to_string(code) + ")";
}

}  // namespace weir::wire
