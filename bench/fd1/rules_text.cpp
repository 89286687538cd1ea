#include "bench/fd1/rules_text.h"

#include <array>
#include <string_view>

namespace weir::fd1 {
namespace {

struct Key {
  std::string_view name;
  std::string_view distinct_of;    // field
  std::string_view distinct_name;  // feature, without the window
  int multiple;
};
constexpr std::array<Key, 3> keys{{
    {"card", "merchant_id", "card_merchants", 1},
    {"device", "card_id", "device_cards", 2},
    {"merchant", "card_id", "merchant_cards", 100},
}};
constexpr std::array<std::string_view, 4> windows{"1m", "5m", "1h", "24h"};

constexpr std::string_view event_text = R"(
event payment {
  id           string     id
  created_at   timestamp  time
  card_id      string     key
  device_id    string
  merchant_id  string
  amount       decimal
}
)";

constexpr std::string_view policy_text = R"(
policy {
  score >= 45 -> block
  score >= 25 -> alert
  otherwise   -> allow
}
)";

std::string feature_lines(const Key& key) {
  const std::string name(key.name);
  std::string text = "\n";
  for (const std::string_view window : windows) {
    for (const std::string_view aggregate : {"count", "sum", "avg", "stddev", "max"}) {
      text.append("feature ").append(name).append("_").append(aggregate).append("_").append(window).append(" = ").append(aggregate);
      text.append(aggregate == "count" ? "()" : "(amount)").append(" by ").append(name).append("_id over ").append(window).append("\n");
    }
  }
  text.append("feature ").append(key.distinct_name).append("_24h = distinct(").append(key.distinct_of).append(") by ");
  return text.append(name).append("_id over 24h\n");
}

std::string third_condition(std::size_t i, const Key& key, const std::string& window) {
  const std::string name(key.name);
  switch (i / 3 % 4) {
    case 0:
      return "amount > " + name + "_avg_" + window + " + 3 * " + name + "_stddev_" + window + " + 0.00137";
    case 1:
      return "amount >= " + name + "_max_" + window;
    case 2:
      return std::string(key.distinct_name) + "_24h >= " + std::to_string(key.multiple * static_cast<int>(3 + i % 4));
    default:
      return "amount <= " + name + "_avg_" + window + " / 20 - 0.00137";
  }
}

std::string rule_lines(std::size_t i, const Key& key) {
  const std::string number = (i < 10 ? "0" : "") + std::to_string(i);
  const std::string window(windows[i % 4]);
  const std::string name(key.name);
  const int count = key.multiple * static_cast<int>(3 + i % 7);
  const int sum = key.multiple * 50 * static_cast<int>(1 + i % 11);
  return "\nrule r" + number + " \"Rule " + number + "\" {\n  when " + name + "_count_" + window + " >= " + std::to_string(count) +
         " and " + name + "_sum_" + window + " > " + std::to_string(sum) + " and " + third_condition(i, key, window) + "\n  score " +
         std::to_string(1 + i % 9) + "\n}\n";
}

}  // namespace

std::string rules_text(Variant variant) {
  std::string text = variant == Variant::fd1c ? "# FD-1C: fifty rules over features by card.\n"
                                              : "# FD-1: fifty rules over features by card, device and merchant.\n";
  text += "# Written by fd1_rules; bench/README.md says how.\n";
  text += event_text;
  for (std::size_t k = 0; k < (variant == Variant::fd1c ? 1 : keys.size()); ++k) text += feature_lines(keys[k]);
  for (std::size_t i = 0; i < rule_count; ++i) text += rule_lines(i, keys[variant == Variant::fd1c ? 0 : i % 3]);
  text += policy_text;
  return text;
}

}  // namespace weir::fd1
