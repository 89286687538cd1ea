// What must hold of KeysScorer's answers when all payments have one time, whatever order they reach the owners of their keys in.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/key_payments.h"

namespace weir::test {

// The k-th payment of a key sees k: so the counts of a key are 1 to n, each once, and between two of them the sum grows by exactly the
// amount of the later. Payments before `live_from` are added and not answered: they take the first numbers.
class KeyLedger {
 public:
  void expect(const std::vector<KeyPayment>& payments, std::size_t live_from) {
    for (std::size_t index = 0; index < payments.size(); ++index) {
      const KeyPayment& payment = payments[index];
      const bool mute = index < live_from;
      if (!mute) live_[payment.id] = payment;
      if (!payment.device.empty()) add(devices_[payment.device], payment, mute);
      add(merchants_[std::to_string(payment.merchant)], payment, mute);
      if (!payment.device.empty()) add(pairs_[payment.device + "/" + std::to_string(payment.merchant)], payment, mute);
      add(cards_[payment.card], payment, mute);
    }
  }

  // Empty when all is well.
  std::string complaints(const std::vector<std::string>& decisions) const {
    std::ostringstream wrong;
    std::map<std::string, std::map<std::int64_t, std::int64_t>> device_sums;  // by count
    std::map<std::string, std::vector<std::int64_t>> device_counts, merchant_counts, pair_counts, card_counts;
    std::map<std::string, std::map<std::int64_t, std::int64_t>> amounts;  // of the device's payment with that count
    std::set<std::string> decided;
    for (const std::string& text : decisions) {
      const std::string id = member(text, "event_id").value_or("?");
      const auto known = live_.find(id);
      if (known == live_.end()) {
        wrong << id << " is decided and was not expected\n";
        continue;
      }
      if (!decided.insert(id).second) wrong << id << " is decided twice\n";
      const KeyPayment& payment = known->second;
      const std::string merchant = std::to_string(payment.merchant);
      merchant_counts[merchant].push_back(number(text, "merchant_count"));
      card_counts[payment.card].push_back(number(text, "card_count"));
      if (payment.device.empty()) {
        if (number(text, "device_count") != -1) wrong << id << " has no device and a count by it\n";
        continue;
      }
      pair_counts[payment.device + "/" + merchant].push_back(number(text, "pair_count"));
      const std::int64_t count = number(text, "device_count");
      device_counts[payment.device].push_back(count);
      device_sums[payment.device][count] = cents_of(member(text, "device_sum").value_or("0"));
      amounts[payment.device][count] = payment.cents;
      if (number(text, "device_cards") < 1) wrong << id << " does not see its own card\n";
      if (member(text, "device_last_card") != payment.card) wrong << id << " is not the last of its device\n";
    }
    if (decided.size() != live_.size()) wrong << decided.size() << " decided, expected " << live_.size() << "\n";
    check(wrong, "device", devices_, device_counts);
    check(wrong, "merchant", merchants_, merchant_counts);
    check(wrong, "pair", pairs_, pair_counts);
    check(wrong, "card", cards_, card_counts);
    for (const auto& [device, sums] : device_sums) {
      std::int64_t before = devices_.at(device).mute_cents;
      for (const auto& [count, sum] : sums) {
        if (sum - before != amounts[device][count]) wrong << "device " << device << ": the sum at " << count << " is " << sum << "\n";
        before = sum;
      }
    }
    return wrong.str();
  }

 private:
  struct Key {
    std::int64_t mute = 0;
    std::int64_t live = 0;
    std::int64_t mute_cents = 0;
  };
  using Keys = std::map<std::string, Key>;

  static void add(Key& key, const KeyPayment& payment, bool mute) {
    ++(mute ? key.mute : key.live);
    if (mute) key.mute_cents += payment.cents;
  }
  static std::int64_t number(const std::string& text, const std::string& name) {
    const std::optional<std::string> value = member(text, name);
    return value && *value != "null" ? std::stoll(*value) : -1;
  }
  static void check(std::ostringstream& wrong, const char* what, const Keys& keys,
                    std::map<std::string, std::vector<std::int64_t>>& counts) {
    for (const auto& [name, key] : keys) {
      std::vector<std::int64_t>& seen = counts[name];
      std::sort(seen.begin(), seen.end());
      std::vector<std::int64_t> wanted;
      for (std::int64_t count = key.mute + 1; count <= key.mute + key.live; ++count) wanted.push_back(count);
      if (seen == wanted) continue;
      wrong << what << " " << name << ": " << seen.size() << " counts, the last " << (seen.empty() ? 0 : seen.back()) << ", expected "
            << key.mute + 1 << " to " << key.mute + key.live << "\n";
    }
  }

  std::map<std::string, KeyPayment> live_;
  Keys devices_, merchants_, pairs_, cards_;
};

}  // namespace weir::test
