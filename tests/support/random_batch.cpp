#include <algorithm>

#include "tests/support/random_rules.h"
#include "tests/support/random_values.h"

namespace weir::test {

namespace {

std::array<IpAddress, 8> make_addresses() {
  std::array<IpAddress, 8> made;
  constexpr std::array<const char*, 8> written = {"10.1.2.3", "10.255.255.255", "192.0.2.1",  "192.0.2.2",
                                                  "::1",      "2001:db8::1",    "2001:db9::", "fe80::1:2"};
  for (std::size_t index = 0; index < made.size(); ++index) parse_ip(written[index], made[index]);
  return made;
}

void fill_column(Column& column, bool optional, std::size_t rows, Random& random) {
  static const std::array<IpAddress, 8> addresses = make_addresses();
  column.resize(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    if (optional && random.chance(0.25)) continue;
    column.present.set(row);
    switch (column.type) {
      case ValueType::boolean:
        if (random.chance(0.5)) column.bits.set(row);
        break;
      case ValueType::floating:
        column.floats[row] = random_double(random);
        break;
      case ValueType::string:
        column.strings[row] = texts[random.below(texts.size())];
        break;
      case ValueType::ip:
        column.addresses[row] = addresses[random.below(addresses.size())];
        break;
      case ValueType::geo:
        column.points[row] = {static_cast<double>(random.between(-90, 90)), static_cast<double>(random.between(-180, 180))};
        break;
      case ValueType::timestamp:
        column.integers[row] = random_time(random);
        break;
      default:
        column.integers[row] = random_integer(random);
        break;
    }
  }
}

}  // namespace

void fill_random_batch(const CheckedRules& rules, std::uint64_t seed, std::size_t rows, RandomBatch& batch) {
  Random random(seed);
  EventBatch& events = batch.events;
  events.schema = &rules.event;
  events.rows = rows;
  events.columns.resize(std::max(events.columns.size(), rules.event.fields.size()));
  for (std::size_t index = 0; index < rules.event.fields.size(); ++index) {
    events.columns[index].type = rules.event.fields[index].type;
    events.columns[index].scale = rules.event.fields[index].scale;
    fill_column(events.columns[index], rules.event.fields[index].optional, rows, random);
  }
  events.active.assign(rows, true);
  for (std::size_t row = 0; row < rows; ++row)
    if (random.chance(0.05)) events.active.reset(row);
  events.arena.clear();
  batch.features.columns.resize(rules.features.size());
  for (std::size_t index = 0; index < rules.features.size(); ++index) {
    batch.features.columns[index].type = rules.features[index].type;
    batch.features.columns[index].scale = rules.features[index].scale;
    Column& column = batch.features.columns[index];
    fill_column(column, true, rows, random);
    // Statistics of integers are never larger than the integers are.
    const ValueType input = rules.event.fields[rules.features[index].input.value()].type;
    if (column.type == ValueType::floating && input != ValueType::floating)
      for (double& value : column.floats) value = std::clamp(value, -9e18, 9e18);
  }
}

}  // namespace weir::test
