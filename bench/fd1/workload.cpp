#include "bench/fd1/workload.h"

#include <algorithm>
#include <cmath>

#include "bench/fd1/payment_document.h"

namespace weir::fd1 {
namespace {

constexpr double burst_share = 0.005;
constexpr std::int64_t burst_payments_min = 8;
constexpr std::int64_t burst_payments_max = 40;
constexpr std::int64_t burst_ms = 90'000;
constexpr double late_share = 0.01;
constexpr std::int64_t late_ms_max = 2'000;
constexpr double malformed_share = 0.001;
constexpr double amount_median = 25;
constexpr double amount_sigma = 1.2;
constexpr double amount_max = 9'999.99;

// Ranks are scattered over the ids, so that neither neighbouring ids nor neighbouring keys are hot together.
std::uint64_t scattered(std::uint64_t rank, std::uint64_t count) {
  constexpr std::uint64_t prime = 2'654'435'761;  // above every count and no divisor of one: a permutation
  return rank % count * (prime % count) % count;
}

double to_cents(double amount) {
  return std::round(amount * 100) / 100;
}

}  // namespace

Workload::Workload(const WorkloadSize& size, std::uint64_t seed)
    : size_(size), random_(seed), card_ranks_(size.cards, 0.6), device_ranks_(size.devices, 0.7), merchant_ranks_(size.merchants, 1.0) {}

std::int64_t Workload::slot_time_ms(std::uint64_t slot) const {
  return first_time_ms + static_cast<std::int64_t>(slot) * day_ms / static_cast<std::int64_t>(size_.events_per_day);
}

// Places the burst's payments on slots within its span, one a slot as long as there are enough.
void Workload::start_burst(std::uint64_t slot) {
  const std::int64_t span = std::max<std::int64_t>(burst_ms * static_cast<std::int64_t>(size_.events_per_day) / day_ms - 1, 1);
  const std::int64_t payments = std::min(random_.between(burst_payments_min, burst_payments_max), std::max<std::int64_t>(span / 2, 1));
  const std::uint64_t card = scattered(card_ranks_(random_), size_.cards);
  const std::uint64_t device = scattered(device_ranks_(random_), size_.devices);
  for (std::int64_t i = 0; i < payments; ++i) {
    const auto at =
        slot + static_cast<std::uint64_t>(i * span / payments + random_.between(0, std::max<std::int64_t>(span / payments - 1, 0)));
    bursts_.push({at, card, device, scattered(merchant_ranks_(random_), size_.merchants)});
  }
}

double Workload::draw_amount() {
  return std::clamp(to_cents(amount_median * std::exp(amount_sigma * random_.normal())), 0.01, amount_max);
}

bool Workload::next(WorkloadRecord& record) {
  if (slot_ == size_.events) return false;
  if (random_.chance(burst_share * 2 / static_cast<double>(burst_payments_min + burst_payments_max))) start_burst(slot_);

  Payment payment;
  payment.id = slot_;
  payment.created_at_ms = slot_time_ms(slot_);
  if (!bursts_.empty() && bursts_.top().slot <= slot_) {
    const BurstPayment& burst = bursts_.top();
    payment.card = burst.card;
    payment.device = burst.device;
    payment.merchant = burst.merchant;
    payment.amount = to_cents(0.5 + random_.uniform() * 4.49);
    bursts_.pop();
  } else {
    payment.card = scattered(card_ranks_(random_), size_.cards);
    payment.device = scattered(device_ranks_(random_), size_.devices);
    payment.merchant = scattered(merchant_ranks_(random_), size_.merchants);
    payment.amount = draw_amount();
  }
  if (random_.chance(late_share)) payment.created_at_ms -= random_.between(1, late_ms_max);

  record.key = card_id(payment.card);
  record.malformed = random_.chance(malformed_share);
  if (record.malformed) {
    write_malformed_payment(payment, random_.below(malformation_count), random_, record.value);
  } else {
    write_payment(payment, random_, record.value);
  }
  ++slot_;
  return true;
}

}  // namespace weir::fd1
