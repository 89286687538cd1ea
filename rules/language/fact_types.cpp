#include "rules/language/fact_types.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "engine/base/decimal.h"
#include "rules/language/functions.h"
#include "rules/language/limits.h"
#include "rules/language/typed_value.h"

namespace weir {

namespace {

// A type as far as it is known. What the checker says of the same text later is what counts; a guess only has to be right where there is
// something to be said.
struct Guess {
  ValueType type = ValueType::boolean;
  int scale = 0;
  bool literal = false;  // a number as written
};
using Known = std::optional<Guess>;

Known number(ValueType type, int scale = 0) {
  return Guess{type, scale, false};
}

// Nothing when the two have no type in common. What is not known (a fact that is being worked out) agrees with everything.
Known common(const Known& left, const Known& right) {
  if (!left) return right;
  if (!right) return left;
  if (is_number(left->type) && is_number(right->type)) {
    if (left->type == ValueType::floating || right->type == ValueType::floating) return number(ValueType::floating);
    if (left->type == ValueType::integer && right->type == ValueType::integer) return number(ValueType::integer);
    return number(ValueType::decimal, std::max(left->scale, right->scale));
  }
  return left;
}

struct Fact {
  std::vector<const SyntaxUpdate*> updates;
  std::size_t file = 0;  // of the first
  bool open = false;     // being worked out
  bool done = false;
  Known type;
};

class FactTyper {
 public:
  FactTyper(const std::vector<SyntaxFile>& trees, std::vector<Reporter>& reporters, CheckScope& scope)
      : trees_(trees), reporters_(reporters), scope_(scope) {}

  void run() {
    collect();
    for (std::uint32_t index = 0; index < facts_.size(); ++index) {
      const Known type = fact(index);
      FactSpec& spec = scope_.rules.facts[index].spec;
      if (type && type->type != ValueType::geo) {
        spec.type = type->type;
        spec.scale = type->scale;
        continue;
      }
      scope_.break_fact(index);
      if (type) continue;  // the update's check says that a place cannot be written
      const SyntaxUpdate& first = *facts_[index].updates.front();
      reporters_[facts_[index].file].error("R0314", first.field.span, "the type of " + in_backticks(spec.name) + " cannot be told", "",
                                           {"give it a value whose type is plain in one of its updates, such as a literal or a field"});
    }
  }

 private:
  void collect() {
    for (std::size_t file = 0; file < trees_.size(); ++file) {
      for (const SyntaxFeature& feature : trees_[file].features) named_.emplace(feature.name.text, feature.value.get());
      for (const SyntaxLet& let : trees_[file].lets) named_.emplace(let.name.text, let.value.get());
      for (const SyntaxRule& rule : trees_[file].rules)
        for (const SyntaxUpdate& update : rule.updates) add(update, file);
    }
  }

  void add(const SyntaxUpdate& update, std::size_t file) {
    if (!update.value) return;
    std::vector<ColumnIndex> by;
    for (const SyntaxName& part : update.key) {
      const std::optional<std::size_t> field = scope_.rules.event.find(part.text);
      if (!field) return;
      by.push_back(static_cast<ColumnIndex>(*field));
    }
    std::optional<std::uint32_t> index = scope_.find_fact(by, update.field.text);
    if (!index) {
      if (scope_.rules.facts.size() >= limits::facts_max) {
        reporters_[file].error("R0105", update.field.span, "rules write at most " + std::to_string(limits::facts_max) + " facts");
        return;
      }
      index = scope_.declare_fact(std::move(by), update.field.text);
      facts_.push_back({{}, file, false, false, {}});
    }
    FactSpec& spec = scope_.rules.facts[*index].spec;
    Fact& fact = facts_[*index];
    const std::int64_t for_ms = update.duration ? update.duration->ms : 0;
    const bool endless = for_ms == 0 || (!fact.updates.empty() && spec.longest_ms == 0);
    spec.longest_ms = endless ? 0 : std::max(spec.longest_ms, for_ms);
    fact.updates.push_back(&update);
  }

  Known fact(std::uint32_t index) {
    Fact& known = facts_[index];
    if (known.done || known.open) return known.type;
    known.open = true;
    Known type;
    for (const SyntaxUpdate* update : known.updates) type = common(type, guess(*update->value));
    known.open = false;
    known.done = true;
    known.type = type;
    return type;
  }

  Known guess(const SyntaxExpression& syntax) {
    if (depth_ >= limits::fact_type_depth_max) return std::nullopt;
    ++depth_;
    Known type = guess_inside(syntax);
    --depth_;
    return type;
  }
  Known operand(const SyntaxExpression& syntax, std::size_t index) {
    return index < syntax.operands.size() ? guess(*syntax.operands[index]) : std::nullopt;
  }

  Known guess_inside(const SyntaxExpression& syntax) {
    switch (syntax.kind) {
      case SyntaxKind::name:
        return name(syntax.text);
      case SyntaxKind::number: {
        const std::size_t point = syntax.text.find('.');
        if (point == std::string::npos) return Guess{ValueType::integer, 0, true};
        return Guess{ValueType::decimal, static_cast<int>(syntax.text.find_last_not_of('0') - point), true};
      }
      case SyntaxKind::string:
        return Guess{ValueType::string};
      case SyntaxKind::duration:
        return Guess{ValueType::duration};
      case SyntaxKind::timestamp:
        return Guess{ValueType::timestamp};
      case SyntaxKind::unary:
        return syntax.text == "not" ? Known(Guess{}) : operand(syntax, 0);
      case SyntaxKind::binary:
        return binary(syntax);
      case SyntaxKind::call:
        return call(syntax);
      case SyntaxKind::aggregate:
        return aggregate(*syntax.aggregate);
      case SyntaxKind::profile: {
        const std::optional<std::uint32_t> index = scope_.find_fact(syntax);
        return index ? fact(*index) : std::nullopt;
      }
      case SyntaxKind::lookup:
        return lookup(syntax);
      case SyntaxKind::bad:
      case SyntaxKind::list_name:
      case SyntaxKind::set:
      case SyntaxKind::member:
        return std::nullopt;
      default:
        return Guess{};  // everything else answers with true or false
    }
  }

  Known name(const std::string& text) {
    if (const std::optional<std::size_t> field = scope_.rules.event.find(text)) {
      const FieldSpec& spec = scope_.rules.event.fields[*field];
      return Guess{spec.type, spec.scale};
    }
    const auto found = named_.find(text);
    if (found == named_.end() || found->second == nullptr) return std::nullopt;
    const auto [known, fresh] = guesses_.try_emplace(text);
    if (!fresh) return known->second;
    const Known type = guess(*found->second);
    guesses_[text] = type;
    return type;
  }

  Known binary(const SyntaxExpression& syntax) {
    const std::string& sign = syntax.text;
    if (sign != "+" && sign != "-" && sign != "*" && sign != "/" && sign != "%") return Guess{};
    if (sign == "/") return number(ValueType::floating);
    if (sign == "%") return number(ValueType::integer);
    const Known left = operand(syntax, 0);
    const Known right = operand(syntax, 1);
    if (!left || !right) return left ? left : right;
    if (is_number(left->type) && is_number(right->type)) return sign == "*" ? product(*left, *right) : common(left, right);
    const bool times = left->type == ValueType::timestamp && right->type == ValueType::timestamp;
    if (times) return Guess{ValueType::duration};
    if (left->type == ValueType::timestamp || right->type == ValueType::timestamp) return Guess{ValueType::timestamp};
    return Guess{ValueType::duration};
  }

  static Known product(const Guess& left, const Guess& right) {
    if (left.type == ValueType::integer && right.type == ValueType::integer) return number(ValueType::integer);
    const bool floats = left.type == ValueType::floating || right.type == ValueType::floating;
    const bool exact = left.type == ValueType::integer || right.type == ValueType::integer || left.literal || right.literal;
    if (floats || !exact || left.scale + right.scale > decimal_scale_max) return number(ValueType::floating);
    return number(ValueType::decimal, left.scale + right.scale);
  }

  Known call(const SyntaxExpression& syntax) {
    const std::optional<Function> function = find_function(syntax.text);
    if (!function) return std::nullopt;
    switch (*function) {
      case Function::age:
        return Guess{ValueType::duration};
      case Function::seconds_between:
      case Function::minutes_between:
      case Function::hours_between:
      case Function::days_between:
      case Function::distance_km:
      case Function::sqrt:
        return number(ValueType::floating);
      case Function::hour_of_day:
      case Function::day_of_week:
      case Function::day_of_month:
      case Function::length:
        return number(ValueType::integer);
      case Function::ip:
      case Function::network:
        return Guess{ValueType::ip};
      case Function::is_private:
        return Guess{};
      case Function::geo:
        return Guess{ValueType::geo};
      case Function::lower:
      case Function::upper:
      case Function::trim:
      case Function::left:
      case Function::right:
        return Guess{ValueType::string};
      case Function::starts_with:
      case Function::ends_with:
      case Function::contains:
        return Guess{};
      case Function::round:
      case Function::floor:
      case Function::ceil:
        return rounded(syntax);
      default: {  // abs, min, max, coalesce: as their arguments
        Known type;
        for (const SyntaxExpressionPointer& argument : syntax.operands) type = common(type, guess(*argument));
        return type;
      }
    }
  }

  Known lookup(const SyntaxExpression& syntax) {
    const CheckScope::ListEntry* entry = scope_.find_lookup(syntax.text);
    if (entry == nullptr || entry->broken || syntax.names.empty()) return std::nullopt;
    for (const LookupColumnSpec& column : scope_.rules.lookups[entry->index].shape.columns)
      if (column.name == syntax.names[0].text) return number(column.type, column.scale);
    return std::nullopt;
  }

  Known rounded(const SyntaxExpression& syntax) {
    const Known value = operand(syntax, 0);
    if (!value || syntax.operands.size() < 2) return value && value->type == ValueType::floating ? value : number(ValueType::integer);
    const std::string& digits = syntax.operands[1]->text;
    const int scale = digits.size() == 1 ? digits[0] - '0' : 0;
    if (value->type == ValueType::integer || (value->type == ValueType::decimal && value->scale <= scale)) return value;
    return number(ValueType::decimal, scale);
  }

  Known aggregate(const SyntaxAggregate& aggregate) {
    const std::string_view function = aggregate.function.text;
    if (function == "count" || function == "distinct") return number(ValueType::integer);
    if (function == "avg" || function == "stddev") return number(ValueType::floating);
    return aggregate.arguments.empty() ? std::nullopt : guess(*aggregate.arguments[0]);
  }

  const std::vector<SyntaxFile>& trees_;
  std::vector<Reporter>& reporters_;
  CheckScope& scope_;
  std::vector<Fact> facts_;  // as CheckedRules::facts
  std::unordered_map<std::string_view, const SyntaxExpression*> named_;
  std::unordered_map<std::string, Known> guesses_;  // of lets and features; nothing while one is worked out
  std::size_t depth_ = 0;
};

}  // namespace

void declare_facts(const std::vector<SyntaxFile>& trees, std::vector<Reporter>& reporters, CheckScope& scope) {
  FactTyper(trees, reporters, scope).run();
}

}  // namespace weir
