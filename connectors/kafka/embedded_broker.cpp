#include "connectors/kafka/embedded_broker.h"

#include <librdkafka/rdkafka.h>
// Behind rdkafka.h, which it needs and does not include.
#include <librdkafka/rdkafka_mock.h>

#include "connectors/kafka/kafka_client.h"
#include "connectors/kafka/kafka_errors.h"

namespace weir {

Result<std::unique_ptr<EmbeddedBroker>> EmbeddedBroker::start(int brokers) {
  // The host client connects nowhere; with an address that nobody listens on it would log and retry for ever.
  Result<KafkaClient> client = open_kafka_client(KafkaRole::producer, {}, {});
  if (!client) return client.error();
  std::unique_ptr<EmbeddedBroker> broker(new EmbeddedBroker);
  broker->client_ = client.take();
  broker->cluster_ = rd_kafka_mock_cluster_new(broker->client_.get(), brokers);
  if (broker->cluster_ == nullptr) return Error{ErrorKind::fatal, "The embedded broker does not start: no free port on 127.0.0.1?"};
  broker->address_ = rd_kafka_mock_cluster_bootstraps(broker->cluster_);
  return broker;
}

EmbeddedBroker::~EmbeddedBroker() {
  if (cluster_ != nullptr) rd_kafka_mock_cluster_destroy(cluster_);
}

Status EmbeddedBroker::create_topic(std::string_view name, std::int32_t partitions) {
  const std::string topic(name);
  const rd_kafka_resp_err_t code = rd_kafka_mock_topic_create(cluster_, topic.c_str(), partitions, 1);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
    return kafka_error("The embedded broker does not create topic `" + topic + "`", code);
  return success();
}

}  // namespace weir
