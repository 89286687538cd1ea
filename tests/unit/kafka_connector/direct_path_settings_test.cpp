// Which settings mean that lanes talk to the leaders themselves, and what is said where they do not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/kafka/kafka_settings.h"

namespace weir {
namespace {

using Protocol = KafkaSecuritySettings::Protocol;
using Mechanism = KafkaSecuritySettings::Mechanism;
using testing::HasSubstr;

KafkaSecuritySettings security(Protocol protocol, std::optional<Mechanism> mechanism = {}) {
  KafkaSecuritySettings settings;
  settings.protocol = protocol;
  settings.mechanism = mechanism;
  return settings;
}

TEST(DirectPathSettings, AreDirectWithEveryProtocolAndLoginButGssapi) {
  for (const KafkaSecuritySettings& one :
       {security(Protocol::plaintext), security(Protocol::ssl), security(Protocol::sasl_plaintext, Mechanism::plain),
        security(Protocol::sasl_ssl, Mechanism::scram_sha_256), security(Protocol::sasl_ssl, Mechanism::scram_sha_512)}) {
    EXPECT_TRUE(goes_direct(KafkaDataPath::direct, one, {}));
    EXPECT_EQ(direct_path_obstacle(KafkaDataPath::direct, one, {}), "");
  }
  const KafkaSecuritySettings gssapi = security(Protocol::sasl_ssl, Mechanism::gssapi);
  EXPECT_FALSE(goes_direct(KafkaDataPath::direct, gssapi, {}));
  EXPECT_THAT(direct_path_obstacle(KafkaDataPath::direct, gssapi, {}), HasSubstr("GSSAPI"));
}

TEST(DirectPathSettings, AreLibrdkafkaForWhoeverSetsItsPropertiesWhichIsSaidUnlessItIsAskedFor) {
  const KafkaProperties properties{{"fetch.wait.max.ms", "10"}};
  EXPECT_FALSE(goes_direct(KafkaDataPath::direct, {}, properties));
  EXPECT_THAT(direct_path_obstacle(KafkaDataPath::direct, {}, properties), HasSubstr("properties of librdkafka"));
  EXPECT_FALSE(goes_direct(KafkaDataPath::librdkafka, {}, properties));
  EXPECT_EQ(direct_path_obstacle(KafkaDataPath::librdkafka, {}, properties), "");
  EXPECT_FALSE(goes_direct(KafkaDataPath::librdkafka, {}, {}));
}

}  // namespace
}  // namespace weir
