#include "tests/support/random_rules.h"

#include <array>

#include "tests/support/expression_factory.h"
#include "tests/support/random_values.h"

namespace weir::test {

namespace {

constexpr std::array<const char*, 4> patterns = {"^a", "eur|EUR", "[0-9]+$", "(?i)z.rich"};

// Draws expressions bottom up. Some nodes are used again elsewhere, as the checker shares equal ones.
class Drawer {
 public:
  Drawer(CheckedRules& rules, std::uint64_t seed) : random_(seed), make_(rules), rules_(rules) {}

  Random& random() { return random_; }
  void allow_decision(bool allowed) { decision_ = allowed; }
  void allow_features(bool allowed) { features_ = allowed; }

  ExpressionIndex condition(int depth) {
    if (depth <= 0) return make_.unary(ExpressionKind::truth, ValueType::boolean, 0, field("flag_maybe"));
    if (!conditions_.empty() && features_ && !decision_ && random_.chance(0.15)) return conditions_[random_.below(conditions_.size())];
    const ExpressionIndex drawn = fresh_condition(depth);
    if (features_ && !decision_) conditions_.push_back(drawn);
    return drawn;
  }

  ExpressionIndex value(ValueType type, int depth) {
    switch (type) {
      case ValueType::boolean:
        return random_.chance(0.5) ? condition(depth) : field(random_.chance(0.5) ? "flag" : "flag_maybe");
      case ValueType::integer:
        return integer(depth);
      case ValueType::decimal:
        return decimal(depth);
      case ValueType::floating:
        return floating(depth);
      case ValueType::string:
        return text(depth);
      case ValueType::timestamp:
        return timestamp(depth);
      case ValueType::duration:
        return duration(depth);
      case ValueType::geo:
        return point(depth);
      case ValueType::ip:
        return address(depth);
    }
    return no_expression;
  }

 private:
  ExpressionIndex field(std::string_view name) { return make_.field(name); }
  template <typename... Names>
  ExpressionIndex leaf(Names... names) {
    const std::array<const char*, sizeof...(names)> all = {names...};
    return field(all[random_.below(all.size())]);
  }
  ExpressionIndex feature(ValueType type) {
    std::vector<std::uint32_t> fitting;
    for (std::uint32_t index = 0; index < rules_.features.size(); ++index)
      if (rules_.features[index].type == type) fitting.push_back(index);
    return make_.feature(fitting[random_.below(fitting.size())]);
  }

  ExpressionIndex fresh_condition(int depth) {
    using Kind = ExpressionKind;
    switch (random_.below(decision_ ? 14 : 12)) {
      case 0:
      case 1:
      case 2: {
        std::vector<ExpressionIndex> parts;
        const std::uint64_t count = 2 + random_.below(3);
        for (std::uint64_t part = 0; part < count; ++part) parts.push_back(condition(depth - 1));
        return make_.node(random_.chance(0.6) ? Kind::logical_and : Kind::logical_or, ValueType::boolean, 0, parts);
      }
      case 3:
        return make_.unary(Kind::logical_not, ValueType::boolean, 0, condition(depth - 1));
      case 4: {
        const ExpressionIndex presence =
            make_.unary(random_.chance(0.5) ? Kind::is_present : Kind::is_missing, ValueType::boolean, 0, value(any_type(), depth - 1));
        return presence;
      }
      case 5:
        return negated(make_.node(Kind::between, ValueType::boolean, 0, three(ordered_type(), depth - 1)));
      case 6: {
        const ExpressionIndex set =
            make_.unary(Kind::in_set, ValueType::boolean, 0, random_.chance(0.5) ? integer(depth - 1) : text(depth - 1));
        Expression& made = make_.at(set);
        made.index = make_.at(made.operands[0]).type == ValueType::integer ? 0 : 1;
        return negated(set);
      }
      case 7: {
        const ExpressionIndex list = make_.unary(Kind::in_list, ValueType::boolean, 0, text(depth - 1));
        make_.at(list).index = 0;
        return negated(list);
      }
      case 8: {
        const ExpressionIndex match = make_.unary(Kind::matches, ValueType::boolean, 0, text(depth - 1));
        make_.at(match).index = static_cast<std::uint32_t>(random_.below(patterns.size()));
        return negated(match);
      }
      case 9: {
        constexpr std::array<Function, 3> tests = {Function::starts_with, Function::ends_with, Function::contains};
        return make_.call(tests[random_.below(3)], ValueType::boolean, 0, {text(depth - 1), text(depth - 1)});
      }
      case 12: {
        const ExpressionIndex outcome = make_.node(Kind::outcome_is, ValueType::boolean, 0, {});
        make_.at(outcome).index = static_cast<std::uint32_t>(random_.below(3));
        return negated(outcome);
      }
      case 13:
        return make_.node(
            Kind::greater_equal, ValueType::boolean, 0,
            {make_.node(Kind::score, ValueType::decimal, score_scale, {}), make_.decimal(random_.between(-2, 9) * 10'000, scale)});
      case 10:
        return random_.chance(0.5) ? address_condition(depth) : comparison(depth);
      default:
        return comparison(depth);
    }
  }

  ExpressionIndex comparison(int depth) {
    using Kind = ExpressionKind;
    constexpr std::array<Kind, 6> kinds = {Kind::equal, Kind::not_equal, Kind::less, Kind::less_equal, Kind::greater, Kind::greater_equal};
    const bool equality_only = random_.chance(0.15);
    const ValueType type = equality_only ? ValueType::boolean : (random_.chance(0.15) ? ValueType::string : ordered_type());
    const bool two = equality_only || type == ValueType::string;
    return make_.node(kinds[random_.below(two ? 2 : 6)], ValueType::boolean, 0, {value(type, depth - 1), value(type, depth - 1)});
  }

  ExpressionIndex negated(ExpressionIndex index) {
    make_.at(index).negated = random_.chance(0.4);
    return index;
  }
  ValueType ordered_type() {
    constexpr std::array<ValueType, 5> types = {ValueType::integer, ValueType::decimal, ValueType::floating, ValueType::timestamp,
                                                ValueType::duration};
    return types[random_.below(types.size())];
  }
  ValueType any_type() { return static_cast<ValueType>(random_.below(9)); }
  std::vector<ExpressionIndex> three(ValueType type, int depth) {
    const ExpressionIndex first = value(type, depth);
    const ExpressionIndex second = value(type, depth);
    return {first, second, value(type, depth)};
  }

  // Arithmetic that int, decimal, duration and float share; nothing where the draw asks for what only one of them has.
  ExpressionIndex shared_arithmetic(ValueType type, int type_scale, int depth, std::uint64_t draw) {
    using Kind = ExpressionKind;
    const auto one = [&] { return value(type, depth - 1); };
    switch (draw) {
      case 0:
        return make_.node(Kind::add, type, type_scale, {one(), one()});
      case 1:
        return make_.node(Kind::subtract, type, type_scale, {one(), one()});
      case 2:
        return make_.unary(Kind::negate, type, type_scale, one());
      case 3:
        return make_.call(Function::abs, type, type_scale, {one()});
      case 4:
        return make_.call(random_.chance(0.5) ? Function::min : Function::max, type, type_scale, three(type, depth - 1));
      default:
        return make_.call(Function::coalesce, type, type_scale, {one(), one()});
    }
  }

  ExpressionIndex integer(int depth) {
    if (depth <= 0) {
      if (features_ && random_.chance(0.3)) return feature(ValueType::integer);
      return random_.chance(0.4) ? make_.integer(random_integer(random_)) : leaf("number", "number_maybe");
    }
    const std::uint64_t draw = random_.below(11);
    switch (draw) {
      case 6:
        return make_.node(random_.chance(0.5) ? ExpressionKind::multiply : ExpressionKind::remainder, ValueType::integer, 0,
                          {integer(depth - 1), integer(depth - 1)});
      case 7:
        return make_.call(Function::length, ValueType::integer, 0, {text(depth - 1)});
      case 8: {
        constexpr std::array<Function, 3> parts = {Function::hour_of_day, Function::day_of_week, Function::day_of_month};
        return make_.call(parts[random_.below(3)], ValueType::integer, 0, {leaf("at", "seen")});
      }
      case 9: {
        constexpr std::array<Function, 3> roundings = {Function::round, Function::floor, Function::ceil};
        return make_.call(roundings[random_.below(3)], ValueType::integer, 0, {decimal(depth - 1)});
      }
      case 10:
        return integer(0);
      default:
        return shared_arithmetic(ValueType::integer, 0, depth, draw);
    }
  }

  ExpressionIndex decimal(int depth) {
    if (depth <= 0) {
      if (features_ && random_.chance(0.3)) return feature(ValueType::decimal);
      return random_.chance(0.4) ? make_.decimal(random_integer(random_), scale) : leaf("amount", "amount_maybe");
    }
    const std::uint64_t draw = random_.below(11);
    switch (draw) {
      case 6:
        return make_.node(ExpressionKind::multiply, ValueType::decimal, scale, {decimal(depth - 1), integer(depth - 1)});
      case 7:
        return make_.unary(ExpressionKind::convert, ValueType::decimal, scale, integer(depth - 1));
      case 8:
        return make_.unary(ExpressionKind::convert, ValueType::decimal, scale, field("cents"));
      case 9:
        return make_.call(Function::round, ValueType::decimal, scale, {random_.chance(0.5) ? floating(depth - 1) : field("cents")});
      case 10:
        return decimal(0);
      default:
        return shared_arithmetic(ValueType::decimal, scale, depth, draw);
    }
  }

  ExpressionIndex floating(int depth) {
    if (depth <= 0) {
      if (features_ && random_.chance(0.3)) return feature(ValueType::floating);
      return random_.chance(0.4) ? make_.floating(random_double(random_)) : field("ratio");
    }
    const std::uint64_t draw = random_.below(13);
    switch (draw) {
      case 6:
        return make_.node(random_.chance(0.5) ? ExpressionKind::multiply : ExpressionKind::divide, ValueType::floating, 0,
                          {floating(depth - 1), floating(depth - 1)});
      case 7:
        return make_.unary(ExpressionKind::convert, ValueType::floating, 0, random_.chance(0.5) ? integer(depth - 1) : decimal(depth - 1));
      case 8: {
        constexpr std::array<Function, 4> units = {Function::seconds_between, Function::minutes_between, Function::hours_between,
                                                   Function::days_between};
        return make_.call(units[random_.below(4)], ValueType::floating, 0, {timestamp(depth - 1), timestamp(depth - 1)});
      }
      case 9:
        return make_.call(Function::distance_km, ValueType::floating, 0, {point(depth - 1), point(depth - 1)});
      case 10: {
        constexpr std::array<Function, 4> functions = {Function::round, Function::floor, Function::ceil, Function::sqrt};
        return make_.call(functions[random_.below(4)], ValueType::floating, 0, {floating(depth - 1)});
      }
      case 11:
      case 12:
        return floating(0);
      default:
        return shared_arithmetic(ValueType::floating, 0, depth, draw);
    }
  }

  ExpressionIndex text(int depth) {
    if (depth <= 0) return random_.chance(0.3) ? make_.text(texts[random_.below(texts.size())]) : leaf("key", "text");
    constexpr std::array<Function, 3> unary = {Function::lower, Function::upper, Function::trim};
    switch (random_.below(5)) {
      case 0:
        return make_.call(unary[random_.below(3)], ValueType::string, 0, {text(depth - 1)});
      case 1:
        return make_.call(random_.chance(0.5) ? Function::left : Function::right, ValueType::string, 0,
                          {text(depth - 1), integer(depth - 1)});
      case 2:
        return make_.call(Function::coalesce, ValueType::string, 0, {text(depth - 1), text(depth - 1)});
      default:
        return text(0);
    }
  }

  ExpressionIndex timestamp(int depth) {
    if (depth <= 0) {
      if (features_ && random_.chance(0.3)) return feature(ValueType::timestamp);
      return leaf("at", "seen");
    }
    switch (random_.below(4)) {
      case 0:
        return make_.node(random_.chance(0.5) ? ExpressionKind::add : ExpressionKind::subtract, ValueType::timestamp, 0,
                          {timestamp(depth - 1), duration(depth - 1)});
      case 1:
        return make_.call(Function::coalesce, ValueType::timestamp, 0, {timestamp(depth - 1), timestamp(depth - 1)});
      case 2:
        return make_.call(Function::max, ValueType::timestamp, 0, {timestamp(depth - 1), timestamp(depth - 1)});
      default:
        return timestamp(0);
    }
  }

  ExpressionIndex duration(int depth) {
    if (depth <= 0) return make_.literal_of(ValueType::duration, random_integer(random_) / 1000);
    switch (random_.below(9)) {
      case 6:
        return make_.call(Function::age, ValueType::duration, 0, {timestamp(depth - 1)});
      case 7:
        return make_.node(ExpressionKind::subtract, ValueType::duration, 0, {timestamp(depth - 1), timestamp(depth - 1)});
      case 8:
        return make_.node(ExpressionKind::multiply, ValueType::duration, 0, {duration(depth - 1), integer(depth - 1)});
      default:
        return shared_arithmetic(ValueType::duration, 0, depth, random_.below(6));
    }
  }

  ExpressionIndex address(int depth) {
    if (depth <= 0) return features_ && random_.chance(0.3) ? feature(ValueType::ip) : field("address");
    switch (random_.below(4)) {
      case 0:
        return make_.call(Function::ip, ValueType::ip, 0, {text(depth - 1)});
      case 1:
        return make_.call(Function::coalesce, ValueType::ip, 0, {address(depth - 1), address(depth - 1)});
      case 2: {
        const ExpressionIndex network = make_.call(Function::network, ValueType::ip, 0, {address(depth - 1)});
        make_.at(network).literal.integer = random_.between(0, 32) * network_bits_step + random_.between(0, 128);
        return network;
      }
      default:
        return address(0);
    }
  }

  ExpressionIndex address_condition(int depth) {
    using Kind = ExpressionKind;
    switch (random_.below(3)) {
      case 0:
        return make_.call(Function::is_private, ValueType::boolean, 0, {address(depth - 1)});
      case 1: {
        const ExpressionIndex set = make_.unary(Kind::in_set, ValueType::boolean, 0, address(depth - 1));
        make_.at(set).index = 2;
        return negated(set);
      }
      default:
        return make_.node(random_.chance(0.5) ? Kind::equal : Kind::not_equal, ValueType::boolean, 0,
                          {address(depth - 1), address(depth - 1)});
    }
  }

  ExpressionIndex point(int depth) {
    if (depth <= 0) return features_ && random_.chance(0.4) ? feature(ValueType::geo) : field("place");
    switch (random_.below(3)) {
      case 0:
        return make_.call(Function::geo, ValueType::geo, 0, {floating(depth - 1), floating(depth - 1)});
      case 1:
        return make_.call(Function::coalesce, ValueType::geo, 0, {point(depth - 1), point(depth - 1)});
      default:
        return point(0);
    }
  }

  Random random_;
  ExpressionFactory make_;
  CheckedRules& rules_;
  bool features_ = true;
  bool decision_ = false;
  std::vector<ExpressionIndex> conditions_;
};

ValueSet set_of(ValueType type, const std::vector<std::string>& all) {
  ValueSetBuilder set(type, 0);
  for (const std::string& text : all) set.add(text);
  return set.finish();
}

void declare(CheckedRules& rules) {
  rules.event.name = "payment";
  for (const ColumnShape& shape : shapes)
    rules.event.fields.push_back({shape.name, shape.type, shape.scale, TimestampUnit::automatic, shape.optional});
  rules.event.time_field = 0;
  rules.event.key_field = 1;
  const auto feature = [&](const char* name, Aggregate aggregate, ColumnIndex input, ValueType type) {
    rules.features.push_back({name, aggregate, input, {1}, 60'000, false, false, {}, type, type == ValueType::decimal ? scale : 0});
  };
  feature("biggest_number", Aggregate::max, 2, ValueType::integer);
  feature("total", Aggregate::sum, 4, ValueType::decimal);
  feature("average_ratio", Aggregate::avg, 7, ValueType::floating);
  feature("deviation", Aggregate::stddev, 4, ValueType::floating);
  feature("last_seen", Aggregate::last, 11, ValueType::timestamp);
  feature("last_place", Aggregate::last, 12, ValueType::geo);
  feature("last_address", Aggregate::last, 13, ValueType::ip);
  rules.lists.push_back({"words", set_of(ValueType::string, {"EUR", "Zürich", "a"}), "", ""});
  rules.sets = {set_of(ValueType::integer, {std::to_string(integer_min), "-3", "0", "1", "4", std::to_string(integer_max)}),
                set_of(ValueType::string, {"", "eur", "日本"}), set_of(ValueType::ip, {random_networks.begin(), random_networks.end()})};
  rules.patterns.assign(patterns.begin(), patterns.end());
  rules.policy = {{"block", "allow", "alert", "hold"}, {0, 1, 2}, {{60'000, 3}, {20'000, 2}}, 1};
  rules.canonical_text = "random";
}

void draw_mode(CheckedRule& rule, Random& random) {
  if (random.chance(0.2)) rule.mode = random.chance(0.25) ? RuleMode::off : RuleMode::shadow;
  if (random.chance(0.2)) {
    rule.mode = RuleMode::canary;
    rule.canary_share = random.chance(0.1) ? canary_share_all : random.between(1, canary_share_all);
    rule.canary_key = std::array<ColumnIndex, 4>{1, 2, 3, 8}[random.below(4)];  // string and int, present and maybe
  }
  if (random.chance(0.1)) rule.expires_ms = random_time(random);
}

}  // namespace

RandomRuleSet make_random_rules(std::uint64_t seed, std::size_t rule_count) {
  RandomRuleSet made;
  CheckedRules& rules = made.rules;
  declare(rules);
  Drawer drawer(rules, seed);
  Random& random = drawer.random();
  drawer.allow_features(false);
  if (random.chance(0.5)) made.options.filter = drawer.condition(3);
  for (int type = 0; type < 9; ++type) {
    const auto derived = static_cast<ValueType>(type);
    const ExpressionIndex value = drawer.value(derived, 3);
    rules.derived.push_back({{derived, derived == ValueType::decimal ? scale : 0}, value});
  }
  drawer.allow_features(true);
  for (std::size_t index = 0; index < rule_count; ++index) {
    CheckedRule rule;
    rule.name = "rule_" + std::to_string(index);
    rule.title = "Title of " + rule.name;
    draw_mode(rule, random);
    rule.when = drawer.condition(static_cast<int>(random.between(1, 5)));
    rule.then = random.chance(0.3) ? static_cast<OutcomeIndex>(random.below(3)) : no_outcome;
    rule.score = random.between(-3, 9) * 10'000;
    if (random.chance(0.6))
      for (std::uint64_t part = 0; part < 3; ++part) {
        rule.reason.push_back({"part " + std::to_string(part) + " ", no_expression});
        rule.reason.push_back({"", drawer.value(static_cast<ValueType>(random.below(9)), 2)});
      }
    if (random.chance(0.2)) rule.updates.push_back({{1, 3}, "fact", drawer.value(static_cast<ValueType>(random.below(9)), 2), 604'800'000});
    if (random.chance(0.1)) rule.updates.push_back({{8}, "fact", no_expression, 0});
    rules.rules.push_back(std::move(rule));
  }
  drawer.allow_decision(true);
  for (int route = 0; route < 3; ++route) made.options.routes.push_back(drawer.condition(3));
  return made;
}

}  // namespace weir::test
