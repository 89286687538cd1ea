#include "tests/support/feedback_oracle.h"

#include <algorithm>
#include <optional>
#include <set>

#include "engine/base/check.h"
#include "rules/evaluate/value_text.h"

namespace weir::test {

namespace {

std::string text_of(const RowValue& value) {
  return std::to_string(value.boolean) + "|" + std::to_string(value.integer) + "|" + std::to_string(value.floating) + "|" + value.text;
}

void put(Column& column, const RowValue& value) {
  column.resize(1);
  if (!value.present) return;
  column.present.set(0);
  if (column.type == ValueType::boolean) {
    if (value.boolean) column.bits.set(0);
  } else if (column.type == ValueType::floating) {
    column.floats[0] = value.floating;
  } else if (column.type == ValueType::string) {
    column.strings[0] = value.text;
  } else {
    column.integers[0] = value.integer;
  }
}

std::string rendered(const Expression& expression, const RowValue& value) {
  ByteBuffer out;
  evaluate::append_text(out, {.type = expression.type,
                              .scale = expression.scale,
                              .present = value.present,
                              .boolean = value.boolean,
                              .integer = value.integer,
                              .floating = value.floating,
                              .text = value.text,
                              .point = value.point});
  return std::string(out.view());
}

bool compare(Comparison comparison, ValueType type, const RowValue& own, const RowValue& earlier) {
  if (!own.present || !earlier.present) return false;
  int order = 0;
  if (type == ValueType::string) {
    order = own.text.compare(earlier.text);
  } else if (type == ValueType::boolean) {
    order = int{own.boolean} - int{earlier.boolean};
  } else if (type == ValueType::floating) {
    order = own.floating < earlier.floating ? -1 : own.floating > earlier.floating ? 1 : 0;
  } else {
    order = own.integer < earlier.integer ? -1 : own.integer > earlier.integer ? 1 : 0;
  }
  switch (comparison) {
    case Comparison::equal:
      return order == 0;
    case Comparison::not_equal:
      return order != 0;
    case Comparison::less:
      return order < 0;
    case Comparison::less_equal:
      return order <= 0;
    case Comparison::greater:
      return order > 0;
    case Comparison::greater_equal:
      return order >= 0;
  }
  return false;
}

}  // namespace

void FeedbackOracle::begin_parts() {
  features_since_.assign(rules_->features.size(), past_.size());
  patterns_since_.assign(rules_->sequences.size(), past_.size());
}

std::string FeedbackOracle::identity(const CheckedRules& rules, const FactSpec& fact) const {
  std::string all = fact.name + " " + std::to_string(static_cast<int>(fact.type)) + " " + std::to_string(fact.scale);
  for (const ColumnIndex part : fact.by) all += " " + rules.event.fields[part].name;
  return all;
}

void FeedbackOracle::switch_to(const CheckedRules& next) {
  const CheckedRules& before = *rules_;
  rules_ = &next;
  const std::vector<std::size_t> features_since = features_since_;
  const std::vector<std::size_t> patterns_since = patterns_since_;
  begin_parts();

  // Features: the one of the same name first, then any of the same meaning that nobody took. One that comes to be reset, or is no longer,
  // is another one.
  std::vector<std::optional<std::size_t>> from(next.features.size());
  std::vector<bool> taken(before.features.size(), false);
  for (const bool by_name : {true, false}) {
    for (std::size_t index = 0; index < next.features.size(); ++index) {
      for (std::size_t old = 0; old < before.features.size() && !from[index]; ++old) {
        const FeatureSpec& one = before.features[old];
        const FeatureSpec& other = next.features[index];
        if (taken[old] || one.identity != other.identity || one.resettable != other.resettable) continue;
        if (by_name && one.name != other.name) continue;
        from[index] = old;
        taken[old] = true;
      }
      if (from[index]) features_since_[index] = features_since[*from[index]];
    }
  }
  for (std::size_t index = 0; index < next.sequences.size(); ++index)
    for (std::size_t old = 0; old < before.sequences.size(); ++old)
      if (next.sequences[index].name == before.sequences[old].name && next.sequences[index].identity == before.sequences[old].identity)
        patterns_since_[index] = patterns_since[old];

  std::map<std::pair<std::uint32_t, std::string>, Fact> facts;
  for (std::uint32_t index = 0; index < next.facts.size(); ++index)
    for (std::uint32_t old = 0; old < before.facts.size(); ++old)
      if (next.facts[index].read && before.facts[old].read &&
          identity(next, next.facts[index].spec) == identity(before, before.facts[old].spec))
        for (const auto& [place, fact] : facts_)
          if (place.first == old) facts[{index, place.second}] = fact;
  facts_ = std::move(facts);

  // Events of before, as if they had been read by the new set.
  for (const std::unique_ptr<Past>& event : past_) {
    std::vector<Column> columns(next.event.fields.size());
    for (std::size_t field = 0; field < columns.size(); ++field) {
      columns[field].type = next.event.fields[field].type;
      columns[field].resize(1);
      for (std::size_t old = 0; old < before.event.fields.size(); ++old)
        if (before.event.fields[old].name == next.event.fields[field].name) columns[field] = event->events.columns[old];
    }
    event->events.columns = std::move(columns);
    const auto outcome = std::find(next.policy.outcomes.begin(), next.policy.outcomes.end(), before.policy.outcomes[event->outcome]);
    event->outcome = static_cast<std::uint32_t>(outcome - next.policy.outcomes.begin());
    std::vector<bool> cleared(next.features.size(), false);
    for (std::size_t index = 0; index < cleared.size(); ++index)
      if (from[index]) cleared[index] = event->cleared[*from[index]];
    event->cleared = std::move(cleared);
  }
}

RowSource FeedbackOracle::source(const Past& event, const FeatureColumns& features) const {
  return {*rules_, event.events, features, 0, event.score, event.outcome};
}

// Derived columns are worked out whenever they are asked for.
RowValue FeedbackOracle::column_value(const Past& event, ColumnIndex column) const {
  static const FeatureColumns none;
  const std::size_t fields = rules_->event.fields.size();
  if (column >= fields) return interpret(source(event, none), rules_->derived[column - fields].value);
  const Column& given = event.events.columns[column];
  RowValue value;
  value.present = given.present.test(0);
  if (!value.present) return value;
  if (given.type == ValueType::boolean) {
    value.boolean = given.bits.test(0);
  } else if (given.type == ValueType::floating) {
    value.floating = given.floats[0];
  } else if (given.type == ValueType::string) {
    value.text = given.strings[0];
  } else {
    value.integer = given.integers[0];
  }
  return value;
}

std::string FeedbackOracle::key(const Past& event, const std::vector<ColumnIndex>& by) const {
  std::string all = "key";
  for (const ColumnIndex part : by) {
    const RowValue value = column_value(event, part);
    if (!value.present) return {};
    all += "/" + text_of(value);
  }
  return all;
}

RowValue FeedbackOracle::feature(const FeatureSpec& spec, std::uint32_t index, const Past& own) const {
  RowValue result;
  const std::string wanted = key(own, spec.by);
  if (wanted.empty()) return result;
  std::vector<const Past*> inside;
  const auto look = [&](const Past& event) {
    if (event.time > own.time || event.time < own.time - spec.window_ms) return;
    if (event.time == own.time - spec.window_ms && !spec.inclusive) return;
    if (key(event, spec.by) != wanted || (&event != &own && event.cleared[index])) return;
    if (spec.where && !column_value(event, *spec.where).boolean) return;
    if (spec.input && !column_value(event, *spec.input).present) return;
    inside.push_back(&event);
  };
  for (std::size_t at = features_since_[index]; at < past_.size(); ++at) look(*past_[at]);
  if (!spec.exclude_this_event) look(own);
  std::stable_sort(inside.begin(), inside.end(), [](const Past* one, const Past* other) { return one->time < other->time; });
  result.present = true;
  const auto value = [&](const Past* event) { return column_value(*event, *spec.input); };
  switch (spec.aggregate) {
    case Aggregate::count:
      result.integer = static_cast<std::int64_t>(inside.size());
      break;
    case Aggregate::sum:
      for (const Past* event : inside) result.integer += value(event).integer;
      break;
    case Aggregate::max:
      result.present = !inside.empty();
      for (std::size_t at = 0; at < inside.size(); ++at)
        result.integer = at == 0 ? value(inside[0]).integer : std::max(result.integer, value(inside[at]).integer);
      break;
    case Aggregate::distinct: {
      std::set<std::string> values;
      for (const Past* event : inside) values.insert(text_of(value(event)));
      result.integer = static_cast<std::int64_t>(values.size());
      break;
    }
    case Aggregate::last:
      if (inside.empty()) return {};
      return value(inside.back());
    default:
      WEIR_CHECK(false);
  }
  return result;
}

bool FeedbackOracle::fits(const PatternSpec& spec, std::size_t step, const Past& event, const std::vector<const Past*>& chosen) const {
  if (!column_value(event, spec.steps[step].condition).boolean) return false;
  return std::all_of(spec.steps[step].comparisons.begin(), spec.steps[step].comparisons.end(), [&](const StepComparison& comparison) {
    return compare(comparison.comparison, comparison.type, column_value(event, comparison.own),
                   column_value(*chosen[comparison.step], comparison.earlier));
  });
}

bool FeedbackOracle::place(const PatternSpec& spec, std::vector<const Past*>& chosen, const std::vector<const Past*>& earlier,
                           std::size_t from, const Past& own) const {
  const std::size_t step = chosen.size();
  if (step + 1 == spec.steps.size()) return fits(spec, step, own, chosen);
  for (std::size_t at = from; at < earlier.size(); ++at) {
    if (!fits(spec, step, *earlier[at], chosen)) continue;
    chosen.push_back(earlier[at]);
    if (place(spec, chosen, earlier, at + 1, own)) return true;
    chosen.pop_back();
  }
  return false;
}

bool FeedbackOracle::matches(const PatternSpec& spec, std::size_t since, const Past& own) const {
  const std::string wanted = key(own, spec.by);
  if (wanted.empty()) return false;
  std::vector<const Past*> earlier;
  for (std::size_t at = since; at < past_.size(); ++at) {
    const Past* event = past_[at].get();
    if (event->time <= own.time && event->time > own.time - spec.within_ms && key(*event, spec.by) == wanted) earlier.push_back(event);
  }
  std::stable_sort(earlier.begin(), earlier.end(), [](const Past* one, const Past* other) { return one->time < other->time; });
  std::vector<const Past*> chosen;
  return place(spec, chosen, earlier, 0, own);
}

std::string FeedbackOracle::decide(EventBatch events) {
  auto own = std::make_unique<Past>();
  own->events = std::move(events);
  own->time = column_value(*own, static_cast<ColumnIndex>(rules_->event.time_field)).integer;
  own->cleared.resize(rules_->features.size(), false);

  FeatureColumns features;
  const auto add = [&](ValueType type, int scale, const RowValue& value) {
    Column& column = features.columns.emplace_back();
    column.type = type;
    column.scale = scale;
    put(column, value);
    if (value.present && type == ValueType::string) column.strings[0] = features.arena.copy(value.text);
  };
  for (std::uint32_t index = 0; index < rules_->features.size(); ++index)
    add(rules_->features[index].type, rules_->features[index].scale, feature(rules_->features[index], index, *own));
  for (std::uint32_t index = 0; index < rules_->facts.size(); ++index) {
    const FactSpec& spec = rules_->facts[index].spec;
    if (!rules_->facts[index].read) continue;
    const auto known = facts_.find({index, key(*own, spec.by)});
    const bool holds = known != facts_.end() && (known->second.endless || own->time < known->second.ends_ms);
    add(spec.type, spec.scale, holds ? known->second.value : RowValue{});
  }
  for (std::size_t index = 0; index < rules_->sequences.size(); ++index) {
    RowValue value;
    value.present = true;
    value.boolean = matches(rules_->sequences[index], patterns_since_[index], *own);
    add(ValueType::boolean, 0, value);
  }

  const RowSource reads = source(*own, features);
  std::string shown;
  std::vector<std::uint32_t> resets;
  std::vector<std::pair<std::pair<std::uint32_t, std::string>, Fact>> writes;
  std::int64_t score = 0;
  OutcomeIndex forced = no_outcome;
  for (const CheckedRule& rule : rules_->rules) {
    const RowValue when = interpret(reads, rule.when);
    if (when.failed || !when.boolean) continue;
    shown += " " + rule.name + ":";
    for (const ReasonPart& part : rule.reason)
      shown += part.value == no_expression ? part.text : rendered(rules_->expressions[part.value], interpret(reads, part.value));
    if (rule.reason.empty()) shown += rule.title;
    score += rule.score;
    forced = std::min(forced, rule.then);
    resets.insert(resets.end(), rule.resets.begin(), rule.resets.end());
    for (const CheckedUpdate& update : rule.updates) {
      const std::string entity = key(*own, update.key);
      if (update.fact == no_fact || entity.empty()) continue;
      Fact fact;
      if (update.fact_value != no_expression) fact.value = interpret(reads, update.fact_value);
      fact.endless = update.for_ms == 0;
      fact.ends_ms = own->time + update.for_ms;
      writes.push_back({{update.fact, entity}, fact});
    }
  }
  own->score = score;
  own->outcome = forced;
  if (forced == no_outcome) {
    own->outcome = rules_->policy.otherwise;
    for (auto band = rules_->policy.bands.rbegin(); band != rules_->policy.bands.rend(); ++band)
      if (score >= band->at_least) own->outcome = band->outcome;
  }
  for (const auto& [place, fact] : writes) facts_[place] = fact;
  const std::string outcome = rules_->policy.outcomes[own->outcome];
  Past& added = *past_.emplace_back(std::move(own));
  for (const std::uint32_t feature : resets) {
    const std::string emptied = key(added, rules_->features[feature].by);
    for (const std::unique_ptr<Past>& event : past_)
      if (!emptied.empty() && key(*event, rules_->features[feature].by) == emptied) event->cleared[feature] = true;
  }
  return outcome + " " + std::to_string(score) + shown;
}

}  // namespace weir::test
