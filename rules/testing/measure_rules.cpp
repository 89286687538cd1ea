#include "rules/testing/measure_rules.h"

#include <algorithm>
#include <string>

#include "engine/base/decimal.h"
#include "engine/base/ip_address.h"
#include "engine/base/random.h"
#include "rules/evaluate/rule_set.h"
#include "rules/testing/event_text.h"
#include "rules/testing/test_lane.h"

namespace weir {

namespace {

constexpr std::size_t events_a_call = 8'192;
constexpr std::uint64_t keys = 20'000;
constexpr std::uint64_t other_texts = 12;
constexpr std::uint32_t addresses_from = 0x0a00'0000;  // 10.0.0.0
constexpr std::int64_t step_ms = 20;

class EventMaker {
 public:
  explicit EventMaker(const CheckedRules& rules) : rules_(rules) {}

  std::vector<LaneEvent> operator()() {
    std::vector<LaneEvent> events;
    events.reserve(events_a_call);
    for (std::size_t index = 0; index < events_a_call; ++index) {
      TestEvents event;
      event.event_type = static_cast<std::size_t>(number_) % rules_.event.type_count();  // all types in turn
      event.type = rules_.event.type_name(event.event_type);
      for (const std::size_t column : fields_of(rules_.event, event.event_type))
        if (column != time_field_of(rules_.event, event.event_type) && rules_.event.id_field_of(event.event_type) != column)
          event.fields.push_back(field(static_cast<ColumnIndex>(column)));
      ByteBuffer document;
      clock_ms_ += step_ms;
      append_event(document, rules_.event, event, ++number_, clock_ms_);
      events.push_back({std::string(document.view()), clock_ms_});
    }
    return events;
  }

 private:
  bool is_key(ColumnIndex column) const {
    return rules_.event.key_field == column ||
           std::any_of(rules_.features.begin(), rules_.features.end(), [column](const FeatureSpec& feature) {
             return std::find(feature.by.begin(), feature.by.end(), column) != feature.by.end();
           });
  }

  TestField field(ColumnIndex column) {
    const FieldSpec& spec = rules_.event.fields[column];
    TestField made;
    made.column = column;
    const std::uint64_t drawn = random_.below(is_key(column) ? keys : other_texts);
    made.value.boolean = drawn % 2 == 0;
    made.value.text = spec.name + std::to_string(drawn);
    if (spec.type == ValueType::ip) {
      const IpAddress address = IpAddress::of_ipv4(addresses_from + static_cast<std::uint32_t>(random_.below(keys)));
      made.value.text = bytes_of(address);
    }
    made.value.floating = static_cast<double>(random_.below(90));
    made.longitude = static_cast<double>(random_.below(180));
    made.value.integer = spec.type == ValueType::timestamp ? clock_ms_ - static_cast<std::int64_t>(random_.below(100'000'000))
                         : spec.type == ValueType::decimal ? static_cast<std::int64_t>(random_.below(1'000)) * power_of_ten(spec.scale)
                                                           : static_cast<std::int64_t>(is_key(column) ? drawn : random_.below(10'000));
    return made;
  }

  const CheckedRules& rules_;
  Random random_{1};
  std::int64_t clock_ms_ = test_clock_start_ms;
  std::int64_t number_ = 0;
};

}  // namespace

Result<double> measure_rules_ns(const CheckedRules& rules, std::chrono::milliseconds at_least) {
  RuleSetOptions options;
  options.every_feature_is_read = false;  // as in a service whose sinks write what fired
  auto compiled = RuleSet::compile(rules, options);
  if (!compiled) return compiled.error();
  EventMaker maker(rules);
  return measure_event_ns(compiled.take(), at_least, [&maker] { return maker(); });
}

}  // namespace weir
