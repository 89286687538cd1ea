// Payments as a card issuer sees them, with planted fraud: an endless stream that is the same for the same model.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "connectors/generator/payment_model.h"
#include "engine/base/byte_buffer.h"
#include "engine/base/random.h"
#include "engine/base/zipf_distribution.h"

namespace weir {

// Payment n is a function of the model and n alone, but reached in order: to start elsewhere, skip. One thread.
class PaymentGenerator {
 public:
  explicit PaymentGenerator(const PaymentModel& model);

  GeneratedPayment next();
  void skip(std::uint64_t payments);                // about 0.3 µs each
  std::uint64_t position() const { return next_; }  // ordinal of the next payment

  const PaymentModel& model() const { return model_; }
  std::int64_t time_ms(std::uint64_t ordinal) const;     // never falls as the ordinal grows
  std::uint64_t ordinal_at(std::int64_t time_ms) const;  // of the first payment at or after that time

 private:
  struct Planned {
    std::uint64_t due;    // ordinal
    std::uint64_t order;  // of planning, so that payments due together keep it
    GeneratedPayment payment;
    bool operator>(const Planned& other) const { return due != other.due ? due > other.due : order > other.order; }
  };

  GeneratedPayment honest_payment(std::uint32_t card);
  void place_at(GeneratedPayment& payment, const City& city);
  void plan(double seconds, const GeneratedPayment& payment);
  void plan_fraud();
  void plan_card_testing();
  void plan_impossible_travel();
  void plan_account_takeover();
  std::uint32_t draw_card();

  PaymentModel model_;
  Random random_;
  ZipfDistribution card_ranks_;
  ZipfDistribution merchant_ranks_;
  std::uint64_t next_ = 0;
  std::uint64_t planned_count_ = 0;
  std::priority_queue<Planned, std::vector<Planned>, std::greater<>> planned_;
};

// The record's key: the card's id.
void append_payment_key(ByteBuffer& out, const GeneratedPayment& payment);

// The record's value: one JSON document, or one of several ways to get that wrong where the payment says malformed.
void append_payment_json(ByteBuffer& out, const PaymentModel& model, const GeneratedPayment& payment);

}  // namespace weir
