#include "connectors/generator/payment_generator.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace weir {
namespace {

constexpr std::array<City, 12> cities{{
    {"DE", "EUR", 52.5200, 13.4050},
    {"FR", "EUR", 48.8566, 2.3522},
    {"GB", "GBP", 51.5074, -0.1278},
    {"ES", "EUR", 40.4168, -3.7038},
    {"IT", "EUR", 41.9028, 12.4964},
    {"PL", "PLN", 52.2297, 21.0122},
    {"NL", "EUR", 52.3676, 4.9041},
    {"SE", "SEK", 59.3293, 18.0686},
    {"US", "USD", 40.7128, -74.0060},
    {"BR", "BRL", -23.5505, -46.6333},
    {"SG", "SGD", 1.3521, 103.8198},
    {"AU", "AUD", -33.8688, 151.2093},
}};
constexpr std::size_t home_city_count = 8;  // cards are issued in the first ones; the rest are far away

constexpr double card_exponent = 0.6;
constexpr double merchant_exponent = 1.0;
constexpr std::uint64_t thieves_devices = 200;  // with which accounts are taken over
constexpr double fraud_payments_mean = 6;       // of one planted fraud, over all kinds

// A fixed property of a card: the same whenever the card turns up, without a table.
std::uint64_t property(std::uint32_t card, std::uint64_t which) {
  return Random(std::uint64_t{card} * 16 + which).next();
}

}  // namespace

PaymentGenerator::PaymentGenerator(const PaymentModel& model)
    : model_(model),
      random_(model.seed * 1'000'003 + model.part),
      card_ranks_(std::max(model.cards / model.of, 1U), card_exponent),
      merchant_ranks_(std::max(model.merchants, 1U), merchant_exponent) {}

std::int64_t PaymentGenerator::time_ms(std::uint64_t ordinal) const {
  return model_.start_ms + static_cast<std::int64_t>(std::floor(static_cast<double>(ordinal) * 1000 / model_.rate));
}

std::uint64_t PaymentGenerator::ordinal_at(std::int64_t time_ms_wanted) const {
  if (time_ms_wanted <= model_.start_ms) return 0;
  auto ordinal = static_cast<std::uint64_t>(static_cast<double>(time_ms_wanted - model_.start_ms) * model_.rate / 1000);
  while (ordinal > 0 && time_ms(ordinal - 1) >= time_ms_wanted) --ordinal;
  while (time_ms(ordinal) < time_ms_wanted) ++ordinal;
  return ordinal;
}

GeneratedPayment PaymentGenerator::next() {
  if (random_.chance(model_.fraud_share / fraud_payments_mean)) plan_fraud();
  GeneratedPayment payment;
  if (!planned_.empty() && planned_.top().due <= next_) {
    payment = planned_.top().payment;
    planned_.pop();
  } else {
    payment = honest_payment(draw_card());
  }
  payment.malformed = random_.chance(model_.malformed_share);
  payment.ordinal = next_;
  payment.created_at_ms = time_ms(next_);
  ++next_;
  return payment;
}

void PaymentGenerator::skip(std::uint64_t payments) {
  for (; payments > 0; --payments) next();
}

std::uint32_t PaymentGenerator::draw_card() {
  const std::uint64_t count = std::max(model_.cards / model_.of, 1U);
  constexpr std::uint64_t prime = 2'654'435'761;  // scatters the frequent ranks over the ids
  const std::uint64_t index = card_ranks_(random_) % count * (prime % count) % count;
  return static_cast<std::uint32_t>(index * model_.of + model_.part);
}

// An ordinary purchase: at home or nearly so, on one of the card holder's two devices, in the size that this card holder is used to.
GeneratedPayment PaymentGenerator::honest_payment(std::uint32_t card) {
  GeneratedPayment payment;
  payment.card = card;
  payment.home = &cities[property(card, 0) % home_city_count];
  payment.device = static_cast<std::uint32_t>(property(card, random_.chance(0.8) ? 1 : 2) % std::max(model_.devices, 1U));
  payment.merchant = static_cast<std::uint32_t>(merchant_ranks_(random_) - 1);
  const double usual = 10 + static_cast<double>(property(card, 3) % 40);
  const double amount = usual * std::exp(0.6 * random_.normal());
  payment.amount_cents = std::clamp<std::int64_t>(std::llround(amount * 100), 50, 250'000);
  payment.in_person = random_.chance(0.55);
  payment.approved = random_.chance(0.96);
  place_at(payment, *payment.home);
  return payment;
}

void PaymentGenerator::place_at(GeneratedPayment& payment, const City& city) {
  payment.place = &city;
  payment.latitude = city.latitude + (random_.uniform() - 0.5) * 0.2;
  payment.longitude = city.longitude + (random_.uniform() - 0.5) * 0.2;
}

void PaymentGenerator::plan(double seconds, const GeneratedPayment& payment) {
  planned_.push({next_ + static_cast<std::uint64_t>(seconds * model_.rate), planned_count_++, payment});
}

void PaymentGenerator::plan_fraud() {
  switch (random_.below(5)) {
    case 0:
    case 1:
      plan_card_testing();
      break;
    case 2:
    case 3:
      plan_impossible_travel();
      break;
    default:
      plan_account_takeover();
      break;
  }
}

void PaymentGenerator::plan_card_testing() {
  const std::int64_t payments = random_.between(7, 16);
  GeneratedPayment payment = honest_payment(draw_card());
  payment.fraud = PlantedFraud::card_testing;
  payment.in_person = false;
  double seconds = 0;
  for (std::int64_t i = 0; i < payments; ++i) {
    payment.amount_cents = random_.between(50, 499);
    payment.approved = random_.chance(0.3);
    payment.merchant = static_cast<std::uint32_t>(merchant_ranks_(random_) - 1);
    plan(seconds, payment);
    seconds += 0.3 + random_.uniform() * 1.5;
  }
  // A card that works is emptied elsewhere.
  if (!random_.chance(0.5)) return;
  payment.fraud = PlantedFraud::cash_out;
  payment.amount_cents = random_.between(60'000, 150'000);
  payment.approved = true;
  payment.merchant = static_cast<std::uint32_t>(merchant_ranks_(random_) - 1);
  plan(seconds + 20, payment);
}

void PaymentGenerator::plan_impossible_travel() {
  GeneratedPayment payment = honest_payment(draw_card());
  payment.fraud = PlantedFraud::impossible_travel;
  payment.in_person = true;
  payment.approved = true;
  plan(0, payment);
  place_at(payment, cities[home_city_count + random_.below(cities.size() - home_city_count)]);
  payment.amount_cents = random_.between(8'000, 90'000);
  plan(3 + random_.uniform() * 12, payment);
}

void PaymentGenerator::plan_account_takeover() {
  const std::int64_t payments = random_.between(3, 6);
  GeneratedPayment payment = honest_payment(draw_card());
  payment.fraud = PlantedFraud::account_takeover;
  payment.in_person = false;
  payment.approved = true;
  payment.new_device = true;
  payment.device = static_cast<std::uint32_t>(random_.below(thieves_devices));
  const City& from = cities[random_.below(cities.size())];
  double seconds = 0;
  for (std::int64_t i = 0; i < payments; ++i) {
    place_at(payment, from);
    payment.amount_cents = random_.between(40'000, 300'000);
    payment.merchant = static_cast<std::uint32_t>(merchant_ranks_(random_) - 1);
    plan(seconds, payment);
    seconds += 1 + random_.uniform() * 4;
  }
}

}  // namespace weir
