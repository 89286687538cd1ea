// librdkafka's error codes, translated once: what each means for us, and what a person can do about it.
#pragma once

#include <string_view>

#include <librdkafka/rdkafka.h>

#include "engine/base/result.h"

namespace weir {

// What a failed delivery asks for.
enum class DeliveryFailure {
  outage,     // the topic, the broker or the session: hold everything back and send it again, in order
  rejection,  // this record (or the request that it travelled in) only: send it again alone
  recreate,   // the producer itself is finished: a new one, then everything unacknowledged again
};

ErrorKind kafka_error_kind(rd_kafka_resp_err_t code);
DeliveryFailure kafka_delivery_failure(rd_kafka_resp_err_t code);

// Whether `detail`, which librdkafka says of a connection, means that the two sides do not agree on encryption or login. Waiting does not
// help.
bool is_refusal(rd_kafka_resp_err_t code, std::string_view detail);

// "WHAT: librdkafka's description (CODE). Hint." with the hint of the tables where there is one. A refusal is fatal.
Error kafka_error(std::string_view what, rd_kafka_resp_err_t code, std::string_view detail = {});

}  // namespace weir
