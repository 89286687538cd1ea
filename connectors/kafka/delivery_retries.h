// Outputs whose delivery failed, and when each is sent again: the order and the back-off, without a clock or a broker.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "connectors/kafka/delivery_id.h"
#include "connectors/kafka/kafka_errors.h"
#include "engine/base/random.h"

namespace weir {

struct RetryLimits {
  std::chrono::milliseconds first{100};  // doubles with each attempt, less up to a quarter at random
  std::chrono::milliseconds most{30'000};
};

// Two ways back. After an outage everything that failed goes out again together and in order, and nothing new before it (`holds_back`).
// What was rejected for its own sake goes alone, one at a time, so that it delays nobody and takes no neighbour of its request with it.
class DeliveryRetries {
 public:
  using Time = std::chrono::steady_clock::time_point;
  explicit DeliveryRetries(std::uint64_t seed, const RetryLimits& limits = {}) : limits_(limits), random_(seed) {}

  // `order` sorts what is sent again after an outage.
  void failed(DeliveryId id, std::uint64_t order, DeliveryFailure failure, Time now);
  void delivered(DeliveryId id) {
    if (!attempts_.empty()) forget(id);
  }

  bool empty() const { return outage_.empty() && rejected_.empty() && attempts_.empty(); }
  bool holds_back() const { return !outage_.empty(); }
  // Everything that an outage stopped, in order, once its back-off is over; it is then no longer held here.
  std::vector<DeliveryId> take_outage(Time now);
  // The next rejected one whose back-off is over, if none is on its way.
  std::optional<DeliveryId> take_rejected(Time now);

  std::uint64_t attempts_total() const { return attempts_total_; }  // beyond the first

 private:
  struct Waiting {
    DeliveryId id = 0;
    std::uint64_t order = 0;
    Time due;
  };
  Time due(DeliveryId id, Time now);
  void forget(DeliveryId id);

  RetryLimits limits_;
  Random random_;
  std::unordered_map<DeliveryId, std::uint32_t> attempts_;  // of what failed and is not yet delivered
  std::vector<Waiting> outage_;
  std::vector<Waiting> rejected_;
  std::optional<DeliveryId> rejected_on_the_way_;
  std::uint64_t attempts_total_ = 0;
};

}  // namespace weir
