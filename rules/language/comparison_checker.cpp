// The comparisons of ExpressionChecker: signs, between, in, matches, text, and outcomes in a sink's `when`.
#include <algorithm>
#include <utility>

#include "engine/base/decimal.h"
#include "engine/base/ip_address.h"
#include "rules/language/expression_checker.h"
#include "rules/language/limits.h"
#include "rules/language/list_reader.h"
#include "rules/language/regular_expression.h"

namespace weir {

namespace {

constexpr CommonType boolean_type{ValueType::boolean, 0};

ExpressionKind comparison_kind(std::string_view sign) {
  if (sign == "==") return ExpressionKind::equal;
  if (sign == "!=") return ExpressionKind::not_equal;
  if (sign == "<") return ExpressionKind::less;
  if (sign == "<=") return ExpressionKind::less_equal;
  return sign == ">" ? ExpressionKind::greater : ExpressionKind::greater_equal;
}

bool has_order(ValueType type) {
  return is_number(type) || type == ValueType::timestamp || type == ValueType::duration;
}

}  // namespace

void ExpressionChecker::complain_mismatch(const SyntaxExpression& syntax, const TypedValue& left, const TypedValue& right,
                                          std::string_view verb) {
  std::vector<std::string> help;
  const auto hint = [&](const TypedValue& one, const TypedValue& other) {
    const std::string text(reporter_.text(other.span).substr(0, 60));
    if (one.type == ValueType::string && other.is_literal()) help = {"text stands in double quotes: \"" + text + "\""};
    if (other.type == ValueType::string && text.size() > 2 && text.starts_with('"') &&
        is_value_of(one.type, text.substr(1, text.size() - 2)))
      help = {"leave the quotes out: " + text.substr(1, text.size() - 2)};
    if (is_number(one.type) && other.type == ValueType::duration && scope_.arena[other.node].kind == ExpressionKind::literal)
      help = {"a number carries no unit: `" + text.substr(0, text.find_first_not_of("0123456789_")) + "`"};
    if (one.type == ValueType::timestamp && other.type == ValueType::duration)
      help = {"how long ago it was is `age(" + std::string(reporter_.text(one.span).substr(0, 60)) + ")`"};
    if (one.type == ValueType::boolean && is_number(other.type)) {
      const bool equality = syntax.text == "==" || syntax.text == "!=";
      help = {equality ? "a bool is a condition by itself: `" + std::string(reporter_.text(one.span).substr(0, 60)) +
                             "`, or with `not` before it"
                       : "an aggregate with `where` that is compared stands in parentheses: `(count() by card_id over 1h where ...) > 3`"};
    }
    if (one.type == ValueType::geo) help = {"places are compared by their distance: `distance_km(a, b) < 1`"};
    if (one.type == ValueType::duration && other.is_literal())
      help = {"a duration carries its unit: `" + text + "s`, `" + text + "m`, `" + text + "h`"};
  };
  if (verb == "compare") {
    hint(left, right);
    hint(right, left);
  }
  const bool address = left.type == ValueType::ip || right.type == ValueType::ip;
  if (address && verb == "compare" && (left.type == ValueType::string || right.type == ValueType::string))
    help = {"text that holds an address is read by `ip(...)`"};
  if (left.type == ValueType::ip && verb != "compare") help = {"addresses are found by their network: `in [\"10.0.0.0/8\"]`"};
  reporter_.error("R0302", syntax.span, "cannot " + std::string(verb) + " these: " + described(left) + ", " + described(right), "",
                  std::move(help));
}

// A literal with more digits than the decimal that it is compared with can never be met: most likely a mistake.
bool ExpressionChecker::fits_digits(const TypedValue& literal, const TypedValue& other) {
  if (!literal.is_literal() || other.is_literal() || other.type != ValueType::decimal || literal.scale <= other.scale) return true;
  reporter_.error(
      "R0304", literal.span,
      in_backticks(literal.number) + " has more digits after the point than " + in_backticks(reporter_.text(other.span)) + " can hold",
      "compared with " + with_article(type_text(other.type, other.scale)),
      {"declare the field as `decimal(" + std::to_string(literal.scale) + ")` if it needs them"});
  return false;
}

bool ExpressionChecker::comparable(const SyntaxExpression& syntax, const TypedValue& left, const TypedValue& right, CommonType& type) {
  if (left.broken || right.broken) return false;
  const std::optional<CommonType> common = Converter::common_type(left, right);
  if (!common) {
    complain_mismatch(syntax, left, right, "compare");
    return false;
  }
  type = *common;
  return fits_digits(left, right) && fits_digits(right, left);
}

// `ip == "10.0.0.1"`: text beside an address is one.
void ExpressionChecker::read_address(const SyntaxExpression& syntax, TypedValue& value, const TypedValue& other) {
  if (!value.broken && !other.broken && other.type == ValueType::ip) value = address(syntax, std::move(value));
}

TypedValue ExpressionChecker::address(const SyntaxExpression& syntax, TypedValue value) {
  if (value.broken || syntax.kind != SyntaxKind::string) return value;
  IpAddress parsed;
  if (parse_ip(syntax.text, parsed)) return converter_.literal(ValueType::ip, {.text = std::string(bytes_of(parsed))}, syntax.span);
  const bool network = parse_ip_network(syntax.text).has_value();
  reporter_.error("R0312", syntax.span, in_backticks(reporter_.text(syntax.span)) + " is not an IP address",
                  network ? "this is a network" : "",
                  {network ? "networks stand in a list: `in [\"" + syntax.text + "\"]`" : std::string(ip_network_help)});
  return converter_.broken(syntax.span);
}

// `country == DE`: an unknown name beside text most likely lacks its quotes.
bool ExpressionChecker::unquoted_text(const SyntaxExpression& left, const SyntaxExpression& right) {
  if (right.kind != SyntaxKind::name || scope_.find(right.text) || left.kind != SyntaxKind::name || !scope_.find(left.text)) return false;
  const TypedValue known = value(left);
  if (known.broken || known.type != ValueType::string || right.text == "null" || right.text == "missing") return false;
  std::vector<std::string> help = scope_.suggest(right.text, reporter_);
  help.push_back("text stands in double quotes: \"" + right.text.substr(0, 60) + "\"");
  reporter_.error("R0203", right.span, "unknown name " + in_backticks(right.text), "no field, feature or let has this name",
                  std::move(help));
  return true;
}

TypedValue ExpressionChecker::comparison(const SyntaxExpression& syntax) {
  if (is_event(*syntax.operands[0]) || is_event(*syntax.operands[1])) return event_comparison(syntax);
  if (is_outcome(*syntax.operands[0]) || is_outcome(*syntax.operands[1])) return outcome_comparison(syntax);
  // Elsewhere `outcome` is unknown, and saying so once is enough: what it is compared with is unknown, too.
  for (const SyntaxExpressionPointer& operand : syntax.operands)
    if (operand->kind == SyntaxKind::name && operand->text == "outcome" && !scope_.find("outcome")) return value(*operand);
  if (unquoted_text(*syntax.operands[0], *syntax.operands[1])) return converter_.broken(syntax.span);
  TypedValue left = value(*syntax.operands[0]);
  TypedValue right = value(*syntax.operands[1]);
  read_address(*syntax.operands[0], left, right);
  read_address(*syntax.operands[1], right, left);
  CommonType type;
  if (!comparable(syntax, left, right, type)) return converter_.broken(syntax.span);
  const ExpressionKind kind = comparison_kind(syntax.text);
  const bool equality = kind == ExpressionKind::equal || kind == ExpressionKind::not_equal;
  if (type.type == ValueType::geo || (!equality && !has_order(type.type))) {
    reporter_.error("R0302", syntax.span, in_backticks(syntax.text) + " does not compare " + std::string(to_string(type.type)) + " values",
                    "", {type.type == ValueType::geo ? "compare their distance: `distance_km(a, b) < 1`" : "use `==`, `!=` or `in`"});
    return converter_.broken(syntax.span);
  }
  return operation(kind, boolean_type, {converter_.convert(left, type), converter_.convert(right, type)}, syntax.span);
}

TypedValue ExpressionChecker::between(const SyntaxExpression& syntax) {
  if (syntax.operands.size() != 3) return converter_.broken(syntax.span);
  const TypedValue middle = value(*syntax.operands[0]);
  const TypedValue low = value(*syntax.operands[1]);
  const TypedValue high = value(*syntax.operands[2]);
  if (!middle.broken && middle.type == ValueType::ip) {
    reporter_.error("R0302", syntax.span, "`between` does not compare ip values", "",
                    {"addresses are found by their network: `in [\"10.0.0.0/8\"]`"});
    return converter_.broken(syntax.span);
  }
  CommonType with_low;
  CommonType with_high;
  if (!comparable(syntax, middle, low, with_low) || !comparable(syntax, middle, high, with_high)) return converter_.broken(syntax.span);
  if (!has_order(middle.type)) {
    reporter_.error("R0302", syntax.span, "`between` does not compare " + std::string(to_string(middle.type)) + " values");
    return converter_.broken(syntax.span);
  }
  CommonType type = with_low.type == ValueType::floating ? with_low : with_high;
  if (type.type == ValueType::integer) type = with_low;
  type.scale = type.type == ValueType::decimal ? std::max(with_low.scale, with_high.scale) : 0;
  return operation(ExpressionKind::between, boolean_type,
                   {converter_.convert(middle, type), converter_.convert(low, type), converter_.convert(high, type)}, syntax.span,
                   syntax.flag);
}

bool ExpressionChecker::searches_list(const SyntaxExpression& in, const SyntaxExpression& part, bool negated) {
  const bool quoted = in.kind == SyntaxKind::string;
  if ((!quoted && in.kind != SyntaxKind::name) || part.kind == SyntaxKind::string || scope_.find_list(in.text) == nullptr) return false;
  if (!quoted && scope_.find(in.text)) return false;
  reporter_.error("R0302", in.span,
                  quoted ? "`\"" + in.text + "\"` is a text: the list of this name is not looked at" : in_backticks(in.text) + " is a list",
                  "",
                  {"whether it is in the list is asked with `" + std::string(reporter_.text(part.span).substr(0, 60)) +
                   (negated ? " not" : "") + " in @" + in.text + "`, without quotes"});
  return true;
}

TypedValue ExpressionChecker::text_comparison(const SyntaxExpression& syntax) {
  if (searches_list(*syntax.operands[0], *syntax.operands[1], syntax.flag)) return converter_.broken(syntax.span);
  const TypedValue left = value(*syntax.operands[0]);
  const TypedValue right = value(*syntax.operands[1]);
  if (left.broken || right.broken) return converter_.broken(syntax.span);
  if (left.type != ValueType::string || right.type != ValueType::string) {
    complain_mismatch(syntax, left, right, "search in");
    return converter_.broken(syntax.span);
  }
  Expression call;
  call.kind = ExpressionKind::call;
  call.function = *find_function(syntax.text);
  call.type = ValueType::boolean;
  call.operands = {left.node, right.node};
  const TypedValue found = converter_.add(std::move(call), syntax.span);
  if (!syntax.flag) return found;
  // `not contains` is a comparison of its own: false, like all of them, when a value is missing.
  std::vector<ExpressionIndex> conditions;
  for (const ExpressionIndex operand : {left.node, right.node})
    if (scope_.arena[operand].may_be_missing)
      conditions.push_back(operation(ExpressionKind::is_present, boolean_type, {operand}, syntax.span).node);
  conditions.push_back(operation(ExpressionKind::logical_not, boolean_type, {found.node}, syntax.span).node);
  if (conditions.size() == 1) return converter_.node(conditions[0], syntax.span);
  return operation(ExpressionKind::logical_and, boolean_type, std::move(conditions), syntax.span);
}

// To compile one takes milliseconds, so that is done once for each, and no longer when nothing can be told of it.
bool ExpressionChecker::new_pattern(const SyntaxExpression& pattern) {
  if (reporter_.is_full()) return false;
  if (scope_.rules.patterns.size() >= limits::patterns_max) {
    reporter_.beyond_limit("R0105", pattern.span,
                           "a rule set has at most " + std::to_string(limits::patterns_max) + " regular expressions");
    return false;
  }
  const RE2 compiled(pattern.text, regular_expression_options());
  if (!compiled.ok()) {
    reporter_.error("R0307", pattern.span, "this regular expression is not valid: " + compiled.error(), "",
                    {"the syntax is RE2's: no look-around, no back-references"});
    return false;
  }
  scope_.regex_instructions += static_cast<std::size_t>(compiled.ProgramSize());
  if (scope_.regex_instructions <= limits::regex_instructions_max) return true;
  reporter_.error("R0105", pattern.span,
                  "the regular expressions of a rule set compile to at most " + std::to_string(limits::regex_instructions_max) +
                      " instructions together",
                  "the limit is reached here",
                  {"counted repetitions and classes such as `\\pL` take most: `[a-z]{1,100}` is 100 times `[a-z]`"});
  return false;
}

TypedValue ExpressionChecker::matches(const SyntaxExpression& syntax) {
  const TypedValue text = value(*syntax.operands[0]);
  if (text.broken) return text;
  const SyntaxExpression& pattern = *syntax.operands[1];
  if (text.type != ValueType::string) {
    reporter_.error("R0302", text.span, "`matches` looks into text, and " + described(text));
    return converter_.broken(syntax.span);
  }
  if (!scope_.arena.knows_pattern(pattern.text) && !new_pattern(pattern)) return converter_.broken(syntax.span);
  Expression node;
  node.kind = ExpressionKind::matches;
  node.type = ValueType::boolean;
  node.negated = syntax.flag;
  node.index = scope_.arena.add_pattern(pattern.text);
  node.operands = {text.node};
  return converter_.add(std::move(node), syntax.span);
}

TypedValue ExpressionChecker::membership(const SyntaxExpression& syntax) {
  if (syntax.operands.size() != 2) return converter_.broken(syntax.span);
  if (is_event(*syntax.operands[0])) return event_membership(syntax);
  if (is_outcome(*syntax.operands[0])) return outcome_membership(syntax);
  const TypedValue element = value(*syntax.operands[0]);
  if (syntax.operands[1]->kind == SyntaxKind::list_name) return list_membership(syntax, element);
  return set_membership(syntax, element);
}

TypedValue ExpressionChecker::list_membership(const SyntaxExpression& syntax, const TypedValue& element) {
  const SyntaxExpression& named = *syntax.operands[1];
  CheckScope::ListEntry* entry = scope_.find_list(named.text);
  if (entry == nullptr) {
    std::vector<std::string> help = scope_.suggest_list(named.text, reporter_);
    if (help.empty()) help = {"declare it: `list " + named.text.substr(0, 60) + " of string from \"file.txt\"`"};
    reporter_.error("R0205", named.span, "unknown list " + in_backticks("@" + named.text), "no list has this name", std::move(help));
    return converter_.broken(syntax.span);
  }
  entry->used = true;
  if (entry->broken || element.broken) return converter_.broken(syntax.span);
  const ValueSet& values = scope_.rules.lists[entry->index].values;
  const bool same = element.type == values.type && element.scale <= values.scale;
  const bool whole_in_decimals = element.type == ValueType::integer && values.type == ValueType::decimal;
  if (!same && !whole_in_decimals) {
    reporter_.error(
        "R0306", syntax.span,
        in_backticks("@" + named.text) + " holds " + type_text(values.type, values.scale) + " values, and " + described(element));
    return converter_.broken(syntax.span);
  }
  Expression node;
  node.kind = ExpressionKind::in_list;
  node.type = ValueType::boolean;
  node.negated = syntax.flag;
  node.index = entry->index;
  node.operands = {converter_.convert(element, {values.type, values.scale})};
  return converter_.add(std::move(node), syntax.span);
}

TypedValue ExpressionChecker::set_membership(const SyntaxExpression& syntax, const TypedValue& element) {
  const SyntaxExpression& written = *syntax.operands[1];
  if (written.kind != SyntaxKind::set || element.broken) return converter_.broken(syntax.span);
  if (written.operands.empty() || written.operands.size() > limits::set_entries_max) {
    reporter_.error(
        written.operands.empty() ? "R0306" : "R0105", written.span,
        written.operands.empty() ? "nothing is in an empty set"
                                 : "a set in a condition has at most " + std::to_string(limits::set_entries_max) + " values",
        "", written.operands.empty() ? std::vector<std::string>{} : std::vector<std::string>{"declare a list and write `in @list`"});
    return converter_.broken(syntax.span);
  }
  if (element.type == ValueType::ip) return address_membership(syntax, element);
  if (element.type != ValueType::string && element.type != ValueType::integer && element.type != ValueType::decimal) {
    reporter_.error("R0306", syntax.operands[0]->span, "`in` looks for text, an int, a decimal or an ip, and " + described(element));
    return converter_.broken(syntax.span);
  }
  bool whole = true;
  std::vector<TypedValue> values;
  CommonType type{element.type, element.scale};
  for (const SyntaxExpressionPointer& entry : written.operands) {
    if (entry->kind == SyntaxKind::name) {
      reporter_.error("R0306", entry->span, "a set holds literals, not names", "",
                      {"text stands in double quotes: \"" + entry->text.substr(0, 60) + "\""});
      whole = false;
      continue;
    }
    values.push_back(value(*entry));
    if (values.back().broken || !comparable(syntax, element, values.back(), type)) whole = false;
  }
  if (!whole) return converter_.broken(syntax.span);
  // Whole numbers among fractions: all of them are decimals of the largest scale.
  for (const TypedValue& one : values)
    if (one.type == ValueType::decimal && type.type != ValueType::string) type = {ValueType::decimal, std::max(type.scale, one.scale)};
  ValueSetBuilder set(type.type, type.scale);
  for (const TypedValue& one : values) {
    const ExpressionIndex literal = converter_.convert(one, type);
    if (literal == no_expression) return converter_.broken(syntax.span);
    if (type.type == ValueType::string) {
      set.add(scope_.arena[literal].literal.text);
    } else {
      set.add_integer(scope_.arena[literal].literal.integer);
    }
  }
  Expression node;
  node.kind = ExpressionKind::in_set;
  node.type = ValueType::boolean;
  node.negated = syntax.flag;
  node.index = scope_.arena.add_set(set.finish());
  node.operands = {converter_.convert(element, type)};
  return converter_.add(std::move(node), syntax.span);
}

// `ip in ["10.0.0.0/8", "192.0.2.1"]`
TypedValue ExpressionChecker::address_membership(const SyntaxExpression& syntax, const TypedValue& element) {
  bool whole = true;
  ValueSetBuilder set(ValueType::ip, 0);
  for (const SyntaxExpressionPointer& entry : syntax.operands[1]->operands) {
    if (entry->kind == SyntaxKind::string && set.add(entry->text)) continue;
    whole = false;
    if (entry->kind == SyntaxKind::bad) continue;
    reporter_.error("R0312", entry->span, in_backticks(reporter_.text(entry->span)) + " is not an IP address or network", "",
                    {std::string(ip_network_help)});
  }
  if (!whole) return converter_.broken(syntax.span);
  Expression node;
  node.kind = ExpressionKind::in_set;
  node.type = ValueType::boolean;
  node.negated = syntax.flag;
  node.index = scope_.arena.add_set(set.finish());
  node.operands = {element.node};
  return converter_.add(std::move(node), syntax.span);
}

}  // namespace weir
