#include "connectors/generator/payment_generator.h"

#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace weir {
namespace {

std::string document(const PaymentModel& model, const GeneratedPayment& payment) {
  ByteBuffer text;
  append_payment_json(text, model, payment);
  return std::string(text.view());
}

std::vector<GeneratedPayment> payments_of(const PaymentModel& model, std::size_t count) {
  PaymentGenerator generator(model);
  std::vector<GeneratedPayment> payments;
  for (std::size_t i = 0; i < count; ++i) payments.push_back(generator.next());
  return payments;
}

TEST(PaymentGenerator, GivesTheSameBytesForTheSameModel) {
  const PaymentModel model;
  const auto first = payments_of(model, 5'000);
  const auto again = payments_of(model, 5'000);
  for (std::size_t i = 0; i < first.size(); ++i) ASSERT_EQ(document(model, first[i]), document(model, again[i]));
  PaymentModel other = model;
  other.seed = 2;
  EXPECT_NE(document(model, first[0]), document(other, payments_of(other, 1)[0]));
}

TEST(PaymentGenerator, ReachesAPaymentBySkippingToIt) {
  const PaymentModel model;
  PaymentGenerator generator(model);
  generator.skip(3'000);
  EXPECT_EQ(generator.position(), 3'000U);
  EXPECT_EQ(document(model, generator.next()), document(model, payments_of(model, 3'001).back()));
}

TEST(PaymentGenerator, FindsTheFirstPaymentOfATime) {
  PaymentModel model;
  for (const double rate : {0.5, 7.0, 1000.0, 30'000.0}) {
    model.rate = rate;
    const PaymentGenerator generator(model);
    for (const std::int64_t after_ms : {-5, 0, 1, 999, 1'000, 123'457}) {
      const std::uint64_t ordinal = generator.ordinal_at(model.start_ms + after_ms);
      EXPECT_GE(generator.time_ms(ordinal), model.start_ms + after_ms);
      if (ordinal > 0) {
        EXPECT_LT(generator.time_ms(ordinal - 1), model.start_ms + after_ms);
      }
    }
  }
}

TEST(PaymentGenerator, PlantsEveryKindOfFraudInItsShare) {
  PaymentModel model;
  model.fraud_share = 0.05;
  std::map<PlantedFraud, std::vector<GeneratedPayment>> kinds;
  for (const GeneratedPayment& payment : payments_of(model, 100'000)) kinds[payment.fraud].push_back(payment);
  const auto fraud = static_cast<double>(100'000 - kinds[PlantedFraud::none].size());
  EXPECT_NEAR(fraud / 100'000, model.fraud_share, 0.02);
  ASSERT_GT(kinds[PlantedFraud::card_testing].size(), 100U);
  ASSERT_GT(kinds[PlantedFraud::impossible_travel].size(), 100U);
  ASSERT_GT(kinds[PlantedFraud::account_takeover].size(), 100U);

  for (const GeneratedPayment& payment : kinds[PlantedFraud::card_testing]) ASSERT_LT(payment.amount_cents, 500);
  ASSERT_GT(kinds[PlantedFraud::cash_out].size(), 20U);
  for (const GeneratedPayment& payment : kinds[PlantedFraud::cash_out]) ASSERT_GE(payment.amount_cents, 40'000);
  std::size_t abroad = 0;
  for (const GeneratedPayment& payment : kinds[PlantedFraud::impossible_travel]) abroad += payment.place != payment.home ? 1 : 0;
  // The second payment of a pair is abroad; some pairs are not complete yet.
  EXPECT_NEAR(static_cast<double>(abroad) / static_cast<double>(kinds[PlantedFraud::impossible_travel].size()), 0.5, 0.05);
  for (const GeneratedPayment& payment : kinds[PlantedFraud::account_takeover]) {
    ASSERT_TRUE(payment.new_device);
    ASSERT_GE(payment.amount_cents, 40'000);
  }
}

TEST(PaymentGenerator, TestsACardManyTimesWithinHalfAMinute) {
  PaymentModel model;
  std::map<std::uint32_t, std::vector<GeneratedPayment>> cards;
  for (const GeneratedPayment& payment : payments_of(model, 100'000)) {
    if (payment.fraud == PlantedFraud::card_testing) cards[payment.card].push_back(payment);
  }
  std::size_t bursts = 0;
  for (const auto& [card, payments] : cards) {
    if (payments.size() < 7) continue;
    bursts += payments[6].created_at_ms - payments[0].created_at_ms <= 30'000 ? 1 : 0;
  }
  EXPECT_GT(bursts, 10U);
}

TEST(PaymentGenerator, SharesTheCardsBetweenItsParts) {
  PaymentModel model;
  model.of = 4;
  std::set<std::string> ids;
  for (model.part = 0; model.part < model.of; ++model.part) {
    for (const GeneratedPayment& payment : payments_of(model, 1'000)) {
      ASSERT_EQ(payment.card % model.of, model.part);
      ASSERT_LT(payment.card, model.cards);
      ASSERT_TRUE(payment.malformed || ids.insert(document(model, payment).substr(0, 20)).second);
    }
  }
}

TEST(PaymentGenerator, WritesADocumentOrSaysThatItIsMalformed) {
  PaymentModel model;
  model.malformed_share = 0.5;
  std::size_t malformed = 0;
  for (const GeneratedPayment& payment : payments_of(model, 1'000)) {
    const std::string text = document(model, payment);
    ASSERT_EQ(text.front(), '{');
    malformed += payment.malformed ? 1 : 0;
    if (payment.malformed) continue;
    ASSERT_EQ(text.back(), '}');
    for (const char* field : {"id", "created_at", "card_id", "account_id", "device_id", "merchant_id", "mcc", "amount", "currency",
                              "card_country", "ip_country", "channel", "approved", "geo"}) {
      ASSERT_NE(text.find('"' + std::string(field) + "\":"), std::string::npos) << text;
    }
  }
  EXPECT_GT(malformed, 400U);
  EXPECT_LT(malformed, 600U);
}

}  // namespace
}  // namespace weir
