// Payments for KeysScorer, what is known about them, and what decisions say.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/random.h"
#include "tests/support/fake_reader.h"

namespace weir::test {

struct KeyPayment {
  std::string id;
  std::string card;
  std::string device;  // empty: missing
  int merchant = 0;
  std::int64_t at_ms = 1'000'000;
  std::int64_t cents = 0;

  FakeReader::Record record() const {
    std::string text = R"({"id":")" + id + R"(","at":)" + std::to_string(at_ms) + R"(,"card":")" + card + '"';
    if (!device.empty()) text += R"(,"device":")" + device + '"';
    const std::string digits = std::to_string(cents % 100);
    text += R"(,"merchant":)" + std::to_string(merchant) + R"(,"amount":)" + std::to_string(cents / 100) + '.' +
            (digits.size() == 1 ? "0" : "") + digits + '}';
    return {card, text, at_ms};
  }
};

// Payments of one shard: cards of its own, devices and merchants that all shards share, some very often. All at one instant, so that the
// number of earlier arrivals is what a count says.
inline std::vector<KeyPayment> payments_at_once(std::uint32_t shard, std::size_t count, std::uint64_t seed) {
  Random random(seed * 1000 + shard);
  std::vector<KeyPayment> payments;
  for (std::size_t index = 0; index < count; ++index) {
    KeyPayment payment;
    payment.id = "s" + std::to_string(shard) + "n" + std::to_string(index);
    payment.card = "c" + std::to_string(shard) + "_" + std::to_string(random.below(20));
    if (!random.chance(0.1)) payment.device = "d" + std::to_string(random.below(30));
    payment.merchant = random.chance(0.5) ? 1 : static_cast<int>(random.below(15));
    payment.cents = random.between(1, 9999);
    payments.push_back(payment);
  }
  return payments;
}

// The same with event times that move on, some of them late.
inline std::vector<KeyPayment> payments_in_time(std::uint32_t shard, std::size_t count, std::uint64_t seed) {
  std::vector<KeyPayment> payments = payments_at_once(shard, count, seed);
  Random random(seed);
  for (std::size_t index = 0; index < payments.size(); ++index) {
    payments[index].at_ms += static_cast<std::int64_t>(index) * 7'000;
    if (random.chance(0.1)) payments[index].at_ms -= random.between(0, 2'000'000);
  }
  return payments;
}

inline std::vector<FakeReader::Record> records_of(const std::vector<KeyPayment>& payments) {
  std::vector<FakeReader::Record> records;
  for (const KeyPayment& payment : payments) records.push_back(payment.record());
  return records;
}

// The text of a member of a decision, without quotes; none where the decision does not have it.
inline std::optional<std::string> member(std::string_view decision, const std::string& name) {
  const std::string start = '"' + name + "\":";
  const std::size_t at = decision.find(start);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = decision.substr(at + start.size());
  if (rest.starts_with('"')) return std::string(rest.substr(1, rest.find('"', 1) - 1));
  return std::string(rest.substr(0, rest.find_first_of(",}")));
}

inline std::int64_t cents_of(const std::string& text) {
  const std::size_t point = text.find('.');
  std::string fraction = point == std::string::npos ? "" : text.substr(point + 1);
  fraction.resize(2, '0');
  return std::stoll(text.substr(0, point)) * 100 + std::stoll(fraction);
}

}  // namespace weir::test
