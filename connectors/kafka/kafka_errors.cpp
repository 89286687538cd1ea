#include "connectors/kafka/kafka_errors.h"

#include <algorithm>
#include <array>
#include <string>

namespace weir {
namespace {

struct Translation {
  rd_kafka_resp_err_t code;
  ErrorKind kind;
  DeliveryFailure delivery;
  std::string_view hint;
};

using enum ErrorKind;
using enum DeliveryFailure;

constexpr std::string_view out_of_reach = "Is the broker running and reachable?";
constexpr std::string_view certificate_wanted =
    "The broker asks for a certificate of this client, and has to trust who signed it: `security.certificate` and `security.key`.";
constexpr std::string_view other_protocol =
    "Does this port expect what `security.protocol` says (encryption or none, a login or none)? Check that and `brokers`.";

// What is not listed is the outside, for a while: retried with back-off and shown.
constexpr std::array translations{
    Translation{RD_KAFKA_RESP_ERR__TRANSPORT, retryable, outage, out_of_reach},
    Translation{RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, retryable, outage, out_of_reach},
    Translation{RD_KAFKA_RESP_ERR__RESOLVE, retryable, outage, "Check the host names under `brokers`."},
    Translation{RD_KAFKA_RESP_ERR__TIMED_OUT, retryable, outage, out_of_reach},
    Translation{RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, retryable, outage, out_of_reach},
    Translation{RD_KAFKA_RESP_ERR__SSL, fatal, outage, "Check `security.ca`, `security.certificate` and the broker's listener."},
    Translation{RD_KAFKA_RESP_ERR__AUTHENTICATION, fatal, outage, "Check `security.username`, `security.password` and the mechanism."},
    Translation{RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, fatal, outage, "Check `security.username` and `security.password`."},
    Translation{RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM, fatal, outage, "The broker's listener does not offer `security.mechanism`."},
    Translation{RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, fatal, outage, "Grant the user access to the topic."},
    Translation{RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, fatal, outage, "Grant the user access to the consumer group."},
    Translation{RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, fatal, outage, "The user needs IdempotentWrite on the cluster."},
    Translation{RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, fatal, outage, "Create the topic."},
    Translation{RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, fatal, outage, "Create the topic."},
    Translation{RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, fatal, outage, "Was the topic created anew with fewer partitions?"},
    Translation{RD_KAFKA_RESP_ERR_INVALID_CONFIG, configuration, outage, ""},
    Translation{RD_KAFKA_RESP_ERR__INVALID_ARG, configuration, outage, ""},
    Translation{RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED, configuration, outage, "This build of librdkafka lacks the feature."},
    Translation{RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, configuration, outage, "This librdkafka or broker lacks the feature."},
    Translation{
        RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, fatal, outage,
        "Records were removed before they were read, or the topic was created anew. Decide where to go on and reset the group's offset."},
    Translation{
        RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, fatal, outage,
        "Records were removed before they were read, or the topic was created anew. Decide where to go on and reset the group's offset."},
    Translation{RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, fatal, rejection,
                "Raise `max.message.bytes` of the topic (and `message.max.bytes` under `librdkafka`)."},
    Translation{RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE, fatal, rejection, ""},
    Translation{RD_KAFKA_RESP_ERR_INVALID_MSG, fatal, rejection, "The broker says that the record is corrupt or not allowed."},
    Translation{RD_KAFKA_RESP_ERR_INVALID_RECORD, fatal, rejection, "Does the topic demand a key (compaction)?"},
    Translation{RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, fatal, rejection, "Check `message.timestamp.*` of the topic."},
    Translation{RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, fatal, rejection, "Raise `segment.bytes` of the topic."},
    Translation{RD_KAFKA_RESP_ERR__FATAL, fatal, recreate, ""},
    Translation{RD_KAFKA_RESP_ERR__FENCED, fatal, recreate, "Another instance with the same `group_instance_id` took over."},
    Translation{RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, fatal, recreate, "Another instance with the same `group_instance_id` took over."},
    Translation{RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE, retryable, recreate, ""},
    Translation{RD_KAFKA_RESP_ERR__INCONSISTENT, retryable, recreate, ""},
    Translation{RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, retryable, recreate, ""},
    Translation{RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, retryable, recreate, ""},
    Translation{RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING, retryable, recreate, ""},
    Translation{RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID, retryable, recreate, ""},
};

// librdkafka and OpenSSL put into words what the code does not say. The first that is found counts.
struct Clue {
  std::string_view words;
  std::string_view hint;
  bool refused = true;  // otherwise a broker that just goes away looks the same
};
constexpr std::array clues{
    Clue{"Local: Broker transport failure", out_of_reach, false},  // of a request for the login, likewise the next
    Clue{"Local: Timed out", out_of_reach, false},
    Clue{"certificate verify failed",
         "No authority of `security.ca` has signed the broker's certificate, or it names other hosts than `brokers` does "
         "(`security.verify_hostname`)."},
    Clue{"certificate required", certificate_wanted},
    Clue{"bad certificate", certificate_wanted},
    Clue{"alert unknown ca", certificate_wanted},
    Clue{"alert certificate", certificate_wanted},
    Clue{"alert handshake failure", certificate_wanted},
    Clue{"Unsupported SASL mechanism", "The broker's listener does not offer this `security.mechanism`."},
    Clue{"not valid in current SASL state", other_protocol},
    Clue{"wrong version number", other_protocol},
    Clue{"SSL handshake failed", other_protocol, false},
    Clue{"in state SSL_HANDSHAKE", other_protocol, false},
    Clue{"while requesting ApiVersion", other_protocol, false},
    Clue{"verify that security.protocol is", other_protocol, false},
};

const Clue* find_clue(std::string_view detail) {
  const auto found = std::find_if(clues.begin(), clues.end(), [detail](const Clue& one) { return detail.find(one.words) != detail.npos; });
  return found == clues.end() ? nullptr : &*found;
}

// Trap: librdkafka before 2.6.1 repeats its nonce in the last message of SCRAM, and Kafka 4 compares it.
bool is_scram_of_before(std::string_view detail) {
  constexpr int repaired = 0x020601ff;
  return rd_kafka_version() < repaired && detail.find("SCRAM") != detail.npos;
}

const Translation* find(rd_kafka_resp_err_t code) {
  const auto found = std::find_if(translations.begin(), translations.end(), [code](const Translation& one) { return one.code == code; });
  return found == translations.end() ? nullptr : &*found;
}

}  // namespace

ErrorKind kafka_error_kind(rd_kafka_resp_err_t code) {
  const Translation* translation = find(code);
  return translation == nullptr ? retryable : translation->kind;
}

DeliveryFailure kafka_delivery_failure(rd_kafka_resp_err_t code) {
  const Translation* translation = find(code);
  return translation == nullptr ? outage : translation->delivery;
}

bool is_refusal(rd_kafka_resp_err_t code, std::string_view detail) {
  if (const Clue* clue = find_clue(detail)) return clue->refused;
  return code == RD_KAFKA_RESP_ERR__SSL || code == RD_KAFKA_RESP_ERR__AUTHENTICATION;
}

Error kafka_error(std::string_view what, rd_kafka_resp_err_t code, std::string_view detail) {
  std::string text(what);
  text.append(": ").append(detail.empty() ? std::string_view(rd_kafka_err2str(code)) : detail);
  text.append(" (").append(rd_kafka_err2name(code)).append(").");
  const Translation* translation = find(code);
  const Clue* clue = find_clue(detail);
  if (clue != nullptr) {
    text.append(" ").append(clue->hint);
  } else if (translation != nullptr && !translation->hint.empty()) {
    text.append(" ").append(translation->hint);
    if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION && is_scram_of_before(detail))
      text.append(" Or is this Kafka 4? librdkafka ")
          .append(rd_kafka_version_str())
          .append(" cannot log in there with SCRAM, 2.6.1 and newer can: connectors/README.md.");
  }
  const ErrorKind kind = is_refusal(code, detail) ? fatal : clue != nullptr ? retryable : kafka_error_kind(code);
  return {kind, std::move(text)};
}

}  // namespace weir
