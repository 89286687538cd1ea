// An open loop between two topics: records leave on a fixed schedule whatever comes back, and each carries the time at which it should have
// been sent in its id, which its output repeats. A slow program thus delays its own measurements, never their schedule.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/kafka/bench_topics.h"

namespace weir::bench {

// Of the steady clock.
std::int64_t now_ns();

// The time that a record carries, read back from its output. Ends the program where there is none.
std::int64_t intended_ns_of(std::string_view output);

// The first `count` well-formed records of a workload, and one more for the greeting.
class PacedSender {
 public:
  PacedSender(const std::string& brokers, const std::string& topic, const std::string& size, std::size_t count);

  // One record ahead of the schedule, so that connections, partitions and the program are there when it starts.
  void greet(const std::atomic<bool>& greeted);

  // Sends them all; `sent` is told of each: its number, when it should have been sent, and how much later it was.
  using Sent = std::function<void(std::size_t number, std::int64_t intended_ns, std::int64_t delay_ns)>;
  void send(double rate, const Sent& sent);

 private:
  struct Record {
    std::string key;
    std::string value;
  };
  void produce(Record& record);

  std::vector<Record> records_;
  Client producer_;
  Topic topic_;
};

// Reads the topic from its beginning until `stopping`. `take` gets each output and when it was read.
void read_outputs(const std::string& brokers, const TopicName& topic, const std::atomic<bool>& stopping,
                  const std::function<void(std::string_view output, std::int64_t read_ns)>& take);

}  // namespace weir::bench
