#include "rules/language/call_checker.h"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include <date/tz.h>

#include "engine/base/decimal.h"
#include "engine/base/ip_address.h"

namespace weir {

namespace {

bool is_time_zone(const std::string& name) {
  try {
    return date::locate_zone(name) != nullptr;
  } catch (const std::exception&) {
    return false;
  }
}

constexpr CommonType integer_type{ValueType::integer, 0};
constexpr CommonType floating_type{ValueType::floating, 0};
constexpr CommonType string_type{ValueType::string, 0};
constexpr CommonType ip_type{ValueType::ip, 0};
constexpr int ipv6_network_bits = 64;  // what one subscriber usually has

}  // namespace

TypedValue CallChecker::check(const SyntaxExpression& syntax) {
  syntax_ = &syntax;
  const std::optional<Function> function = find_function(syntax.text);
  if (!function) return unknown(syntax);
  function_ = *function;
  const bool searches = function_ == Function::contains || function_ == Function::starts_with || function_ == Function::ends_with;
  if (searches && syntax.operands.size() == 2 && checker_.searches_list(*syntax.operands[0], *syntax.operands[1], false))
    return converter_.broken(syntax.span);
  bool broken = false;
  for (const SyntaxExpressionPointer& argument : syntax.operands) {
    arguments_.push_back(checker_.value(*argument));
    broken = broken || arguments_.back().broken;
  }
  if (broken) return converter_.broken(syntax.span);
  switch (function_) {
    case Function::age:
      return with_types({ValueType::timestamp}, {ValueType::duration, 0});
    case Function::seconds_between:
    case Function::minutes_between:
    case Function::hours_between:
    case Function::days_between:
      return with_types({ValueType::timestamp, ValueType::timestamp}, floating_type);
    case Function::hour_of_day:
    case Function::day_of_week:
    case Function::day_of_month:
      return calendar();
    case Function::distance_km:
      return with_types({ValueType::geo, ValueType::geo}, floating_type);
    case Function::geo:
      return with_types({ValueType::floating, ValueType::floating}, {ValueType::geo, 0});
    case Function::ip:
      return with_types({ValueType::string}, ip_type);
    case Function::is_private:
      return with_types({ValueType::ip}, {ValueType::boolean, 0});
    case Function::network:
      return network();
    case Function::abs:
      return absolute();
    case Function::min:
    case Function::max:
      return common(true);
    case Function::round:
    case Function::floor:
    case Function::ceil:
      return rounding();
    case Function::sqrt:
      return with_types({ValueType::floating}, floating_type);
    case Function::lower:
    case Function::upper:
    case Function::trim:
      return with_types({ValueType::string}, string_type);
    case Function::length:
      return with_types({ValueType::string}, integer_type);
    case Function::left:
    case Function::right:
      return with_types({ValueType::string, ValueType::integer}, string_type);
    case Function::starts_with:
    case Function::ends_with:
    case Function::contains:
      return with_types({ValueType::string, ValueType::string}, {ValueType::boolean, 0});
    case Function::coalesce:
      return common(false);
  }
  return converter_.broken(syntax.span);
}

TypedValue CallChecker::unknown(const SyntaxExpression& syntax) {
  std::vector<std::string_view> names;
  for (const FunctionDescription& function : all_functions()) names.push_back(function.name);
  for (const AggregateDescription& aggregate : all_aggregates()) names.push_back(aggregate.name);
  std::vector<std::string> help = did_you_mean(syntax.text, names);
  if (syntax.text == "now" || syntax.text == "today")
    help = {"rules know no clock: the event's own time is its `time` field, and `age(t)` measures from it"};
  help.push_back("`weir list functions` shows all of them");
  checker_.reporter().error("R0204", syntax.head_span, "unknown function " + in_backticks(syntax.text), "", std::move(help));
  return converter_.broken(syntax.span);
}

TypedValue CallChecker::call(CommonType result, std::vector<ExpressionIndex> operands, std::int64_t parameter) {
  Expression node;
  node.kind = ExpressionKind::call;
  node.function = function_;
  node.type = result.type;
  node.scale = result.scale;
  node.operands = std::move(operands);
  node.literal.integer = parameter;
  return converter_.add(std::move(node), syntax_->span);
}

// The number of arguments is wrong.
TypedValue CallChecker::refuse() {
  const FunctionDescription& description = all_functions()[static_cast<std::size_t>(function_)];
  std::vector<std::string> help{"it is `" + std::string(description.signature) + "`"};
  if (function_ == Function::min || function_ == Function::max)
    help.push_back("over a window it is an aggregate: `" + std::string(description.name) + "(amount) by card_id over 1h`");
  const std::size_t count = arguments_.size();
  checker_.reporter().error(
      "R0305", syntax_->span,
      in_backticks(syntax_->text) + " does not take " + std::to_string(count) + (count == 1 ? " argument" : " arguments"), "",
      std::move(help));
  return converter_.broken(syntax_->span);
}

TypedValue CallChecker::refuse(const TypedValue& argument, const std::string& wanted) {
  const FunctionDescription& description = all_functions()[static_cast<std::size_t>(function_)];
  checker_.reporter().error("R0305", argument.span,
                            in_backticks(syntax_->text) + " needs " + wanted + " here, and " + checker_.described(argument), "",
                            {"it is `" + std::string(description.signature) + "`"});
  return converter_.broken(syntax_->span);
}

TypedValue CallChecker::with_types(const std::vector<ValueType>& types, CommonType result) {
  if (arguments_.size() != types.size()) return refuse();
  std::vector<ExpressionIndex> operands;
  for (std::size_t index = 0; index < types.size(); ++index) {
    if (types[index] == ValueType::ip) arguments_[index] = checker_.address(*syntax_->operands[index], arguments_[index]);
    const TypedValue& argument = arguments_[index];
    if (argument.broken) return converter_.broken(syntax_->span);
    const bool number_for_float = types[index] == ValueType::floating && is_number(argument.type);
    if (argument.type != types[index] && !number_for_float) return refuse(argument, with_article(std::string(to_string(types[index]))));
    operands.push_back(converter_.convert(argument, {types[index], 0}));
  }
  return call(result, std::move(operands));
}

TypedValue CallChecker::calendar() {
  if (arguments_.empty() || arguments_.size() > 2) return refuse();
  if (arguments_[0].type != ValueType::timestamp) return refuse(arguments_[0], "a timestamp");
  std::vector<ExpressionIndex> operands{arguments_[0].node};
  if (arguments_.size() == 2) {
    const SyntaxExpression& zone = *syntax_->operands[1];
    if (zone.kind != SyntaxKind::string) return refuse(arguments_[1], "the name of a time zone in double quotes");
    if (!is_time_zone(zone.text)) {
      checker_.reporter().error("R0311", zone.span, "unknown time zone " + in_backticks(zone.text), "",
                                {"names are those of the IANA database, for example \"Europe/Berlin\""});
      return converter_.broken(syntax_->span);
    }
    operands.push_back(arguments_[1].node);
  }
  return call(integer_type, std::move(operands));
}

// How many leading bits is written out, so that a key of a feature stays what it is.
TypedValue CallChecker::network() {
  if (arguments_.size() != 2 && arguments_.size() != 3) return refuse();
  const TypedValue address = checker_.address(*syntax_->operands[0], arguments_[0]);
  if (address.broken) return address;
  if (address.type != ValueType::ip) return refuse(address, "an ip");
  std::array<int, 2> bits{0, ipv6_network_bits};
  for (std::size_t index = 1; index < arguments_.size(); ++index) {
    const TypedValue& written = arguments_[index];
    const int most = index == 1 ? ipv4_bits : ipv6_bits;
    const DecimalResult parsed = written.is_literal() ? parse_decimal(written.number, 0) : DecimalResult{DecimalError::not_a_number, 0};
    if (parsed.error != DecimalError::none || parsed.scaled < 0 || parsed.scaled > most)
      return refuse(written, "a literal from 0 to " + std::to_string(most));
    bits[index - 1] = static_cast<int>(parsed.scaled);
  }
  return call(ip_type, {address.node}, bits[0] * network_bits_step + bits[1]);
}

TypedValue CallChecker::absolute() {
  if (arguments_.size() != 1) return refuse();
  const TypedValue& argument = arguments_[0];
  if (!is_number(argument.type) && argument.type != ValueType::duration) return refuse(argument, "a number");
  return call({argument.type, argument.scale}, {converter_.convert(argument)});
}

TypedValue CallChecker::rounding() {
  const bool digits = arguments_.size() == 2;
  if (arguments_.empty() || arguments_.size() > 2 || (digits && function_ != Function::round)) return refuse();
  const TypedValue& argument = arguments_[0];
  if (!is_number(argument.type)) return refuse(argument, "a number");
  int scale = 0;
  if (digits) {
    const TypedValue& written = arguments_[1];
    if (!written.is_literal() || written.type != ValueType::integer || written.number.size() != 1 ||
        written.number[0] - '0' > decimal_scale_max)
      return refuse(written, "a literal from 0 to " + std::to_string(decimal_scale_max));
    scale = written.number[0] - '0';
  }
  if (argument.type == ValueType::integer || (digits && argument.type == ValueType::decimal && argument.scale <= scale)) {
    TypedValue unchanged = argument;
    unchanged.span = syntax_->span;
    return unchanged;
  }
  CommonType result = integer_type;
  if (digits) {
    result = {ValueType::decimal, scale};
  } else if (argument.type == ValueType::floating) {
    result = floating_type;
  }
  return call(result, {converter_.convert(argument)});
}

// Two or more arguments of types that have one in common.
TypedValue CallChecker::common(bool ordered_only) {
  if (arguments_.size() < 2) return refuse();
  if (std::any_of(arguments_.begin(), arguments_.end(), [](const TypedValue& argument) { return argument.type == ValueType::ip; })) {
    for (std::size_t index = 0; index < arguments_.size(); ++index) {
      arguments_[index] = checker_.address(*syntax_->operands[index], arguments_[index]);
      if (arguments_[index].broken) return arguments_[index];
    }
  }
  TypedValue widest = arguments_[0];
  for (const TypedValue& argument : arguments_) {
    const std::optional<CommonType> both = Converter::common_type(widest, argument);
    if (!both) return refuse(argument, with_article(type_text(widest.type, widest.scale)));
    const bool ordered = is_number(both->type) || both->type == ValueType::timestamp || both->type == ValueType::duration;
    if (ordered_only && !ordered) return refuse(argument, "a number, a timestamp or a duration");
    widest.type = both->type;
    widest.scale = both->scale;
  }
  std::vector<ExpressionIndex> operands;
  for (const TypedValue& argument : arguments_) operands.push_back(converter_.convert(argument, {widest.type, widest.scale}));
  return call({widest.type, widest.scale}, std::move(operands));
}

}  // namespace weir
