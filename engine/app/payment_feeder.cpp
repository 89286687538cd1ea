#include "engine/app/payment_feeder.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include <fmt/format.h>

namespace weir {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::uint64_t batch_payments_max = 1000;
constexpr auto turn = 5ms;
constexpr auto delivery_time = 2s;

}  // namespace

PaymentFeeder::PaymentFeeder(const PaymentModel& model, double rate, std::unique_ptr<Sink> sink)
    : generator_(model), rate_(rate), sink_(std::move(sink)), thread_([this] { run(); }) {}

PaymentFeeder::~PaymentFeeder() {
  stop();
}

void PaymentFeeder::stop() {
  stopping_.store(true, std::memory_order_release);
  if (thread_.joinable()) thread_.join();
}

void PaymentFeeder::fill(OutputBatch& batch, std::uint64_t payments) {
  batch.outputs.clear();
  batch.bytes.clear();
  batch.offered = 0;
  for (std::uint64_t number = 0; number < payments; ++number) {
    const GeneratedPayment payment = generator_.next();
    Output output;
    output.has_key = true;
    output.key.begin = static_cast<std::uint32_t>(batch.bytes.size());
    append_payment_key(batch.bytes, payment);
    output.value.begin = static_cast<std::uint32_t>(batch.bytes.size());
    output.key.size = output.value.begin - output.key.begin;
    append_payment_json(batch.bytes, generator_.model(), payment);
    output.value.size = static_cast<std::uint32_t>(batch.bytes.size()) - output.value.begin;
    batch.outputs.push_back(output);
    planted_[static_cast<std::size_t>(payment.fraud)].fetch_add(1, std::memory_order_relaxed);
    if (payment.malformed) malformed_.fetch_add(1, std::memory_order_relaxed);
  }
  batch.unacknowledged = static_cast<std::uint32_t>(batch.outputs.size());
}

void PaymentFeeder::run() {
  const Clock::time_point begun = Clock::now();
  std::vector<std::unique_ptr<OutputBatch>> idle;
  std::vector<std::unique_ptr<OutputBatch>> sending;
  std::vector<Acknowledgement> acknowledged;
  const auto collect = [&] {
    acknowledged.clear();
    sink_->collect(0, acknowledged);
    for (const Acknowledgement& part : acknowledged) part.batch->unacknowledged -= part.count;
    for (auto batch = sending.begin(); batch != sending.end();) {
      if ((*batch)->unacknowledged > 0 || (*batch)->offered < (*batch)->outputs.size()) {
        ++batch;
        continue;
      }
      idle.push_back(std::move(*batch));
      batch = sending.erase(batch);
    }
  };
  while (!stopping_.load(std::memory_order_acquire)) {
    const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
    const auto due = static_cast<std::uint64_t>(seconds * rate_);
    const std::uint64_t payments = std::min(batch_payments_max, due - std::min(due, generator_.position()));
    if (payments > 0) {
      if (idle.empty()) idle.push_back(std::make_unique<OutputBatch>());
      fill(*idle.back(), payments);
      sending.push_back(std::move(idle.back()));
      idle.pop_back();
      sent_.fetch_add(payments, std::memory_order_relaxed);
    }
    for (const auto& batch : sending) {
      if (batch->offered < batch->outputs.size()) batch->offered += sink_->offer(*batch, batch->offered);
      if (batch->offered < batch->outputs.size()) break;
    }
    collect();
    if (payments < batch_payments_max) std::this_thread::sleep_for(turn);
  }
  sink_->close(Clock::now() + delivery_time);
}

std::string PaymentFeeder::summary() const {
  const auto planted = [this](PlantedFraud fraud) { return planted_[static_cast<std::size_t>(fraud)].load(std::memory_order_relaxed); };
  return fmt::format(
      "{} payments sent; planted among them: {} of card testing, {} of cash-out after it, {} of impossible travel, {} of account takeover; "
      "{} malformed\n",
      sent(), planted(PlantedFraud::card_testing), planted(PlantedFraud::cash_out), planted(PlantedFraud::impossible_travel),
      planted(PlantedFraud::account_takeover), malformed_.load(std::memory_order_relaxed));
}

}  // namespace weir
