#include "bench/scaled_rules.h"

#include <array>
#include <cmath>
#include <string_view>
#include <vector>

#include "engine/base/check.h"
#include "engine/base/random.h"

namespace weir {

namespace {

constexpr std::array<std::string_view, 4> windows = {"1m", "5m", "1h", "24h"};
constexpr std::size_t base_rules = 50;

struct Thresholds {
  std::string_view window;
  std::int64_t count = 0;
  std::int64_t sum = 0;
  std::size_t third = 0;
  std::int64_t distinct = 0;
  std::int64_t offset_millionths = 0;  // the odd constant, 1370 for 0.00137
  std::size_t score = 0;
};

Thresholds thresholds(std::size_t i) {
  const auto generation = static_cast<std::int64_t>(i / base_rules);
  const auto number = static_cast<std::int64_t>(i % base_rules);
  Thresholds made;
  made.window = windows[i % base_rules % 4];
  made.count = 3 + number % 7 + generation;
  made.sum = 50 * (1 + number % 11) + generation;
  made.third = i % base_rules / 3 % 4;
  made.distinct = 3 + number % 4 + generation;
  made.offset_millionths = 1'370 + 10 * generation;
  made.score = 1 + i % base_rules % 9;
  return made;
}

std::string decimal_text(std::int64_t millionths) {
  const std::string digits = std::to_string(millionths);
  return "0." + std::string(6 - digits.size(), '0') + digits;
}

std::string third_condition(const Thresholds& rule) {
  const std::string window(rule.window);
  switch (rule.third) {
    case 0:
      return "amount > card_avg_" + window + " + 3 * card_stddev_" + window + " + " + decimal_text(rule.offset_millionths);
    case 1:
      return "amount >= card_max_" + window;
    case 2:
      return "card_merchants_24h >= " + std::to_string(rule.distinct);
    default:
      return "amount <= card_avg_" + window + " / 20 - " + decimal_text(rule.offset_millionths);
  }
}

const Column& column_of(const std::string& name, const ScaledBatch& batch, const std::vector<FeatureSpec>& features) {
  for (std::size_t index = 0; index < features.size(); ++index)
    if (features[index].name == name) return batch.features.columns[index];
  WEIR_CHECK(false);
}

constexpr std::int64_t ten_thousand = 10'000;

// What one card has been doing, in one window.
struct WindowValues {
  std::int64_t count = 1;
  std::int64_t sum = 0;  // ten-thousandths, as max
  std::int64_t max = 0;
  double average = 0;
  double deviation = 0;
};

WindowValues draw_window(Random& random, std::int64_t count, std::int64_t amount) {
  WindowValues values{.count = count, .sum = amount, .max = amount};
  double squares = static_cast<double>(amount) * static_cast<double>(amount);
  for (std::int64_t other = 1; other < count; ++other) {
    const auto past = static_cast<std::int64_t>(25 * std::exp(random.normal())) * ten_thousand;
    values.sum += past;
    values.max = std::max(values.max, past);
    squares += static_cast<double>(past) * static_cast<double>(past);
  }
  const auto n = static_cast<double>(count);
  const auto sum = static_cast<double>(values.sum);
  values.average = sum / n / ten_thousand;
  values.deviation = count < 2 ? 0 : std::sqrt(std::max(0.0, (squares - sum * sum / n) / (n - 1))) / ten_thousand;
  return values;
}

void set_integer(Column& column, std::size_t row, std::int64_t value) {
  column.integers[row] = value;
  column.present.set(row);
}
void set_double(Column& column, std::size_t row, double value) {
  column.floats[row] = value;
  column.present.set(row);
}

}  // namespace

std::string scaled_rules_text(std::size_t count) {
  std::string text =
      "event payment {\n  id string id\n  created_at timestamp time\n  card_id string key\n  merchant_id string\n  amount decimal\n}\n";
  for (const std::string_view window : windows)
    for (const std::string_view aggregate : {"count", "sum", "avg", "stddev", "max"})
      text.append("feature card_")
          .append(aggregate)
          .append("_")
          .append(window)
          .append(" = ")
          .append(aggregate)
          .append(aggregate == "count" ? "()" : "(amount)")
          .append(" by card_id over ")
          .append(window)
          .append("\n");
  text += "feature card_merchants_24h = distinct(merchant_id) by card_id over 24h\n";
  for (std::size_t i = 0; i < count; ++i) {
    const Thresholds rule = thresholds(i);
    const std::string window(rule.window);
    text += "rule r" + std::to_string(i) + " \"Rule " + std::to_string(i) + "\" {\n  when card_count_" + window +
            " >= " + std::to_string(rule.count) + " and card_sum_" + window + " > " + std::to_string(rule.sum) + " and " +
            third_condition(rule) + "\n  score " + std::to_string(rule.score) + "\n}\n";
  }
  return text + "policy {\n  score >= 45 -> block\n  score >= 25 -> alert\n  otherwise -> allow\n}\n";
}

ScaledBatch make_scaled_batch(const EventSchema& schema, const std::vector<FeatureSpec>& features, std::size_t rows, std::uint64_t seed) {
  Random random(seed);
  ScaledBatch batch;
  batch.events.schema = &schema;
  batch.events.rows = rows;
  batch.events.active.assign(rows, true);
  for (const FieldSpec& field : schema.fields) {
    Column& column = batch.events.columns.emplace_back();
    column.type = field.type;
    column.scale = field.scale;
    column.resize(rows);
    column.present.assign(rows, true);
  }
  for (const FeatureSpec& feature : features) {
    Column& column = batch.features.columns.emplace_back();
    column.type = feature.type;
    column.scale = feature.scale;
    column.resize(rows);
  }
  Column& amounts = batch.events.columns[schema.find("amount").value()];
  for (std::size_t row = 0; row < rows; ++row) {
    const auto amount = static_cast<std::int64_t>(2'500 * std::exp(random.normal())) * (ten_thousand / 100);
    amounts.integers[row] = amount;
    const bool burst = random.chance(0.1);
    // Payments in the longest window; shorter ones hold a part of them.
    double share = 1 + std::exp(random.normal() + (burst ? 2.5 : 1.2));
    const std::int64_t merchants = 1 + static_cast<std::int64_t>(share * random.uniform());
    for (std::size_t window = windows.size(); window-- > 0;) {
      const WindowValues values = draw_window(random, static_cast<std::int64_t>(share), amount);
      const std::string suffix = "_" + std::string(windows[window]);
      const auto set = [&](const char* name, auto&& store, auto value) {
        store(const_cast<Column&>(column_of(name + suffix, batch, features)), row, value);
      };
      set("card_count", set_integer, values.count);
      set("card_sum", set_integer, values.sum);
      set("card_max", set_integer, values.max);
      set("card_avg", set_double, values.average);
      if (values.count > 1) set("card_stddev", set_double, values.deviation);
      share = 1 + (share - 1) * (burst ? 0.9 : 0.3) * random.uniform();
    }
    set_integer(const_cast<Column&>(column_of("card_merchants_24h", batch, features)), row, merchants);
  }
  return batch;
}

bool scaled_rule_holds(std::size_t index, const ScaledBatch& batch, const std::vector<FeatureSpec>& features, std::size_t row) {
  const Thresholds rule = thresholds(index);
  const auto feature = [&](const char* name) -> const Column& {
    return column_of("card_" + std::string(name) + "_" + std::string(rule.window), batch, features);
  };
  const std::int64_t amount = batch.events.columns[batch.events.schema->find("amount").value()].integers[row];
  const double money = static_cast<double>(amount) / ten_thousand;
  const double offset = static_cast<double>(rule.offset_millionths) / 1e6;
  if (feature("count").integers[row] < rule.count || feature("sum").integers[row] <= rule.sum * ten_thousand) return false;
  switch (rule.third) {
    case 0:
      return feature("stddev").present.test(row) && money > feature("avg").floats[row] + 3 * feature("stddev").floats[row] + offset;
    case 1:
      return amount >= feature("max").integers[row];
    case 2:
      return column_of("card_merchants_24h", batch, features).integers[row] >= rule.distinct;
    default:
      return money <= feature("avg").floats[row] / 20 - offset;
  }
}

}  // namespace weir
