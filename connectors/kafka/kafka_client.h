// Configures and opens librdkafka clients: the settings that the connector relies on, the user's security, the user's own properties.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/kafka/kafka_handles.h"
#include "connectors/kafka/kafka_settings.h"
#include "connectors/kafka/wire/connection_security.h"
#include "engine/base/result.h"

namespace weir {

// Something that a person should know (a broker went away, a log line of librdkafka at warning or above). Called from any thread.
using KafkaNotice = std::function<void(std::string_view text)>;

struct KafkaProperty {
  std::string name;
  std::string value;
};

enum class KafkaRole { consumer, producer };

// Where to connect and as whom. `address` is "host:port,...": for embedded brokers the one they really listen on.
struct KafkaConnection {
  std::string address;
  KafkaSecuritySettings security;
  KafkaProperties librdkafka;  // the user's; wins over ours
};

// `callbacks` may set callbacks and the opaque on the configuration before the client is made; librdkafka's log is silent unless they say
// otherwise.
Result<KafkaClient> open_kafka_client(KafkaRole role, const KafkaConnection& connection, const std::vector<KafkaProperty>& properties,
                                      const std::function<void(rd_kafka_conf_t*)>& callbacks = {});

// The same for the connections of the direct path; null where they are plain and without a login. Not for GSSAPI.
Result<std::shared_ptr<const wire::ConnectionSecurity>> open_connection_security(const KafkaSecuritySettings& settings);

std::string join_addresses(const std::vector<std::string>& addresses);

// A property exists from a version of librdkafka on: the tested floor is 2.0.2, newer ones are used at run time.
bool librdkafka_is_at_least(int major, int minor);

}  // namespace weir
