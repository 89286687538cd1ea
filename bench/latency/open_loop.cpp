#include "bench/latency/open_loop.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <thread>
#include <unistd.h>

#include <sys/resource.h>

#include "bench/fd1/workload.h"

namespace weir::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t stamp_digits = 19;
constexpr std::string_view stamped_beginning = "{\"id\":\"@0000000000000000000\",";
constexpr std::size_t stamp_at = 8;  // of the first digit

std::int64_t nanoseconds(Clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

// Moves the id to the front, with room for the time in it.
void make_room_for_stamp(std::string& document) {
  constexpr std::string_view id_member = "\"id\":\"p";
  const std::size_t begin = document.find(id_member);
  std::size_t end = document.find('"', begin + id_member.size()) + 1;
  if (document[end] == ',') ++end;
  document.erase(begin, end - begin);
  if (document[document.size() - 2] == ',') document.erase(document.size() - 2, 1);
  document.replace(0, 1, stamped_beginning);
}

void stamp(std::string& document, std::int64_t time_ns) {
  char* at = document.data() + stamp_at;
  for (std::size_t i = stamp_digits; i-- > 0; time_ns /= 10) at[i] = static_cast<char>('0' + time_ns % 10);
}

// The schedule must hold while everything else competes for the cores. Without the right to do so the run may come out void.
void prefer_this_thread() {
  constexpr int niceness = -15;
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness);
}

}  // namespace

std::int64_t now_ns() {
  return nanoseconds(Clock::now());
}

std::int64_t intended_ns_of(std::string_view output) {
  const std::size_t at = output.find('@');
  if (at == std::string_view::npos || at + stamp_digits >= output.size()) fail("an output without the time: " + std::string(output));
  std::int64_t intended_ns = 0;
  std::from_chars(output.data() + at + 1, output.data() + at + 1 + stamp_digits, intended_ns);
  return intended_ns;
}

PacedSender::PacedSender(const std::string& brokers, const std::string& topic, const std::string& size, std::size_t count) {
  fd1::Workload workload(*fd1::workload_size(size), 1);
  fd1::WorkloadRecord record;
  while (records_.size() < count + 1 && workload.next(record)) {
    if (record.malformed) continue;
    make_room_for_stamp(record.value);
    records_.push_back({record.key, record.value});
  }
  if (records_.size() < count + 1) fail("size " + size + " has fewer than " + std::to_string(count + 1) + " records: name a larger one");
  producer_ = make_client(RD_KAFKA_PRODUCER, producer_properties(brokers, 0));
  topic_.reset(rd_kafka_topic_new(producer_.get(), topic.c_str(), nullptr));
}

void PacedSender::greet(const std::atomic<bool>& greeted) {
  produce(records_.back());
  while (!greeted.load()) {
    rd_kafka_poll(producer_.get(), 1);
    std::this_thread::sleep_for(1ms);
  }
}

void PacedSender::send(double rate, const Sent& sent) {
  prefer_this_thread();
  const Clock::time_point start = Clock::now() + 10ms;
  const double interval_ns = 1e9 / rate;
  for (std::size_t number = 0; number + 1 < records_.size(); ++number) {
    const Clock::time_point intended =
        start + std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(number) * interval_ns));
    if (Clock::now() < intended) {
      rd_kafka_poll(producer_.get(), 0);
      std::this_thread::sleep_until(intended);
    }
    stamp(records_[number].value, nanoseconds(intended));
    produce(records_[number]);
    sent(number, nanoseconds(intended), std::max<std::int64_t>(now_ns() - nanoseconds(intended), 0));
  }
}

void PacedSender::produce(Record& record) {
  while (rd_kafka_produce(topic_.get(), RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, record.value.data(), record.value.size(),
                          record.key.data(), record.key.size(), nullptr) != 0) {
    rd_kafka_poll(producer_.get(), 1);
  }
}

void read_outputs(const std::string& brokers, const TopicName& topic, const std::atomic<bool>& stopping,
                  const std::function<void(std::string_view output, std::int64_t read_ns)>& take) {
  const Client consumer = make_client(RD_KAFKA_CONSUMER, consumer_properties(brokers, "latency-" + topic.name));
  const PartitionList list(rd_kafka_topic_partition_list_new(topic.partitions));
  for (int partition = 0; partition < topic.partitions; ++partition)
    rd_kafka_topic_partition_list_add(list.get(), topic.name.c_str(), partition)->offset = RD_KAFKA_OFFSET_BEGINNING;
  rd_kafka_poll_set_consumer(consumer.get());
  {
    const Queue queue(rd_kafka_queue_get_consumer(consumer.get()));
    if (rd_kafka_assign(consumer.get(), list.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) fail("assign of " + topic.name);
    using Take = std::function<void(std::string_view, std::int64_t)>;
    const auto took = [](rd_kafka_message_t* message, void* taker) {
      if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) fail(std::string("consume: ") + rd_kafka_message_errstr(message));
      (*static_cast<const Take*>(taker))({static_cast<const char*>(message->payload), message->len}, now_ns());
    };
    while (!stopping.load()) rd_kafka_consume_callback_queue(queue.get(), 10, took, const_cast<Take*>(&take));
    rd_kafka_consumer_close(consumer.get());
  }
}

}  // namespace weir::bench
