// What generated payments look like, and one of them before it becomes text.
#pragma once

#include <cstdint>
#include <string_view>

namespace weir {

struct PaymentModel {
  std::uint64_t seed = 1;
  std::int64_t start_ms = 1'767'225'600'000;  // time of the first payment; 2026-01-01T00:00:00Z
  double rate = 1000;                         // payments per second of event time
  std::uint32_t cards = 10'000;
  std::uint32_t devices = 8'000;
  std::uint32_t merchants = 500;
  double fraud_share = 0.01;       // share of payments that belong to planted fraud
  double malformed_share = 0.001;  // share of records that cannot be parsed
  // Several generators may share the cards: this one makes the payments of cards with id % of == part.
  std::uint32_t part = 0;
  std::uint32_t of = 1;
};

enum class PlantedFraud : std::uint8_t {
  none,
  card_testing,       // many small payments in quick succession, mostly declined
  impossible_travel,  // two payments in person, far apart in place and close in time
  account_takeover,   // a device that the card has not used and large payments online
  cash_out,           // after card testing: one large payment elsewhere
};

struct City {
  std::string_view country;
  std::string_view currency;
  double latitude;
  double longitude;
};

struct GeneratedPayment {
  std::uint64_t ordinal = 0;  // from 0
  std::int64_t created_at_ms = 0;
  std::uint32_t card = 0;
  std::uint32_t device = 0;
  bool new_device = false;  // `device` numbers devices that no honest payment uses
  std::uint32_t merchant = 0;
  std::int64_t amount_cents = 0;
  const City* home = nullptr;  // of the card
  const City* place = nullptr;
  double latitude = 0;
  double longitude = 0;
  bool in_person = false;
  bool approved = true;
  bool malformed = false;
  PlantedFraud fraud = PlantedFraud::none;
};

}  // namespace weir
