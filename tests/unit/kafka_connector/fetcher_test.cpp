// One lane's fetcher against the embedded broker: how much lies ready, and that every shard has its turn.
#include "connectors/kafka/wire/fetcher.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include "connectors/kafka/embedded_broker.h"
#include "connectors/kafka/kafka_client.h"
#include "connectors/kafka/partition_leaders.h"
#include "tests/support/kafka_topic.h"

namespace weir {
namespace {

constexpr std::int32_t partitions = 24;
constexpr std::size_t portions = 5;
constexpr std::size_t records_each = 100;
constexpr std::size_t record_bytes = 1'000;
constexpr std::chrono::seconds patience{30};

class FetcherOnEmbeddedBroker : public testing::Test {
 protected:
  void SetUp() override {
    auto started = EmbeddedBroker::start();
    ASSERT_TRUE(started.ok());
    broker_ = started.take();
    ASSERT_TRUE(broker_->create_topic("payments", partitions).ok());
    // A producer for each portion, so that each partition holds several batches.
    for (std::size_t portion = 0; portion < portions; ++portion) {
      std::vector<TopicRecord> records;
      for (std::int32_t partition = 0; partition < partitions; ++partition)
        for (std::size_t at = 0; at < records_each / portions; ++at) {
          TopicRecord& record = records.emplace_back();
          record.value = std::string(record_bytes, 'x');
          record.partition = partition;
        }
      KafkaTopicUser(broker_->address()).produce("payments", records);
    }

    Result<KafkaClient> client = open_kafka_client(KafkaRole::consumer, {broker_->address(), {}, {}}, {});
    ASSERT_TRUE(client.ok());
    const KafkaTopic topic(rd_kafka_topic_new(client.value().get(), "payments", nullptr));
    const Result<PartitionLeaders> leaders = partition_leaders(client.value().get(), topic.get(), 0, patience, nullptr);
    ASSERT_TRUE(leaders.ok());
    limits_.bytes_max = 32 * 1024;
    limits_.partition_bytes_max = 16 * 1024;
    limits_.ahead_bytes_max = 64 * 1024;
    leaders_ = leaders.value();
  }

  void begin() {
    fetcher_ = std::make_unique<wire::Fetcher>(limits_);
    for (std::int32_t partition = 0; partition < partitions; ++partition) {
      wire::FetchedShard& shard = *shards_.emplace_back(std::make_unique<wire::FetchedShard>());
      shard.topic = "payments";
      shard.partition = partition;
      fetcher_->add(shard);
      fetcher_->set_leader(shard, leaders_.leaders.at({"payments", partition}));
    }
  }

  std::size_t ready_bytes() const {
    std::size_t bytes = 0;
    for (const auto& shard : shards_) bytes += shard->set_bytes;
    return bytes;
  }
  bool awaits_answer() const {
    std::vector<pollfd> sockets;
    fetcher_->add_sockets(sockets);
    return !sockets.empty();
  }
  // Reads what lies ready of a shard.
  void read(std::size_t at) {
    wire::FetchedShard& shard = *shards_[at];
    for (; !shard.sets.empty(); shard.sets.pop_front()) {
      OwnedRecordBatch batch;
      EXPECT_EQ(shard.sets.front().read(batch, records_each, std::size_t{1} << 30, next_[at]), wire::RecordSet::Stop::end);
      read_[at] += batch.records.size();
      shard.set_bytes -= shard.sets.front().bytes();
    }
  }
  // Pumps until `done`. False when patience ends.
  template <typename Done>
  bool pump_until(Done done) {
    const auto give_up = std::chrono::steady_clock::now() + patience;
    while (!done()) {
      fetcher_->pump();
      if (std::chrono::steady_clock::now() > give_up) return false;
    }
    return true;
  }

  std::unique_ptr<EmbeddedBroker> broker_;
  wire::FetchLimits limits_;
  PartitionLeaders leaders_;
  std::unique_ptr<wire::Fetcher> fetcher_;
  std::vector<std::unique_ptr<wire::FetchedShard>> shards_;
  std::vector<std::size_t> read_ = std::vector<std::size_t>(partitions, 0);  // records
  std::vector<std::int64_t> next_ = std::vector<std::int64_t>(partitions, 0);
};

TEST_F(FetcherOnEmbeddedBroker, AsksForNoMoreWhileEnoughLiesReadyAndGivesEveryShardItsTurn) {
  begin();
  ASSERT_TRUE(pump_until([&] { return ready_bytes() >= limits_.ahead_bytes_max; }));
  EXPECT_FALSE(awaits_answer());
  const auto read_everything = [&] {
    for (std::size_t at = 0; at < shards_.size(); ++at) read(at);
    return std::all_of(read_.begin(), read_.end(), [](std::size_t count) { return count >= records_each; });
  };
  ASSERT_TRUE(pump_until(read_everything));
  for (const std::size_t count : read_) EXPECT_EQ(count, records_each);
}

TEST_F(FetcherOnEmbeddedBroker, AsksAgainWithTheAnswer) {
  limits_.ahead_bytes_max = std::size_t{1} << 30;
  begin();
  ASSERT_TRUE(pump_until([&] { return ready_bytes() > 0; }));
  EXPECT_TRUE(awaits_answer()) << "the broker works while the lane does";
}

TEST_F(FetcherOnEmbeddedBroker, WhatPausedShardsHoldKeepsNobodyElseWaiting) {
  begin();
  ASSERT_TRUE(pump_until([&] {
    read(0);
    return ready_bytes() >= limits_.ahead_bytes_max;
  }));
  for (std::size_t at = 1; at < shards_.size(); ++at) shards_[at]->paused = true;
  ASSERT_LT(read_[0], records_each);
  EXPECT_TRUE(pump_until([&] {
    read(0);
    return read_[0] == records_each;
  }));
}

}  // namespace
}  // namespace weir
