// Sends generated payments into a sink at a steady rate: the demo's world outside.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "connectors/generator/payment_generator.h"
#include "engine/ports/sink.h"

namespace weir {

// Its own thread from construction until `stop`. What the sink has not taken waits; nothing is skipped.
class PaymentFeeder {
 public:
  // `rate`: payments sent a second; the model's own rate is that of event time.
  PaymentFeeder(const PaymentModel& model, double rate, std::unique_ptr<Sink> sink);
  ~PaymentFeeder();

  // Ends the thread after the batch in hand; the sink gets two seconds to deliver.
  void stop();

  std::uint64_t sent() const { return sent_.load(std::memory_order_relaxed); }
  // "1,234 payments sent; planted: 12 card testing, ..."
  std::string summary() const;

 private:
  void run();
  void fill(OutputBatch& batch, std::uint64_t payments);

  PaymentGenerator generator_;
  double rate_;
  std::unique_ptr<Sink> sink_;
  std::atomic<std::uint64_t> sent_{0};
  std::array<std::atomic<std::uint64_t>, 5> planted_{};  // by PlantedFraud
  std::atomic<std::uint64_t> malformed_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace weir
