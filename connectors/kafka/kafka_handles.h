// Owners of librdkafka's C handles: each is destroyed once, by the right function.
#pragma once

#include <memory>

#include <librdkafka/rdkafka.h>

namespace weir {

template <auto destroy>
struct DestroyBy {
  template <typename T>
  void operator()(T* handle) const {
    destroy(handle);
  }
};

using KafkaConf = std::unique_ptr<rd_kafka_conf_t, DestroyBy<&rd_kafka_conf_destroy>>;  // given up to rd_kafka_new on success
using KafkaClient = std::unique_ptr<rd_kafka_t, DestroyBy<&rd_kafka_destroy>>;
using KafkaTopic = std::unique_ptr<rd_kafka_topic_t, DestroyBy<&rd_kafka_topic_destroy>>;
using KafkaQueue = std::unique_ptr<rd_kafka_queue_t, DestroyBy<&rd_kafka_queue_destroy>>;
using KafkaEvent = std::unique_ptr<rd_kafka_event_t, DestroyBy<&rd_kafka_event_destroy>>;
using KafkaPartitions = std::unique_ptr<rd_kafka_topic_partition_list_t, DestroyBy<&rd_kafka_topic_partition_list_destroy>>;
using KafkaNewTopic = std::unique_ptr<rd_kafka_NewTopic_t, DestroyBy<&rd_kafka_NewTopic_destroy>>;
using KafkaConfigResource = std::unique_ptr<rd_kafka_ConfigResource_t, DestroyBy<&rd_kafka_ConfigResource_destroy>>;
using KafkaAdminOptions = std::unique_ptr<rd_kafka_AdminOptions_t, DestroyBy<&rd_kafka_AdminOptions_destroy>>;
using KafkaHeaders = std::unique_ptr<rd_kafka_headers_t, DestroyBy<&rd_kafka_headers_destroy>>;
using KafkaErrorObject = std::unique_ptr<rd_kafka_error_t, DestroyBy<&rd_kafka_error_destroy>>;

}  // namespace weir
