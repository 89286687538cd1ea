#include "rules/language/mode_checker.h"

#include "engine/base/decimal.h"
#include "rules/language/time_literal.h"

namespace weir {

namespace {

constexpr std::int64_t day_ms = std::int64_t{24} * 60 * 60 * 1000;

void check_share(const SyntaxMode& mode, Reporter& reporter, CheckedRule& rule) {
  const DecimalResult parsed = parse_decimal(mode.percent, canary_share_scale);
  if (parsed.error == DecimalError::too_many_digits_after_point) {
    reporter.error("R0507", mode.percent_span,
                   "a canary's share has at most " + std::to_string(canary_share_scale) + " digits after the point");
  } else if (parsed.error != DecimalError::none || parsed.scaled <= 0 || parsed.scaled > canary_share_all) {
    reporter.error(
        "R0507", mode.percent_span, "a canary's share is above 0 % and at most 100 %", "",
        {parsed.error == DecimalError::none && parsed.scaled == 0 ? "a rule that shall not decide has `mode shadow` or `mode off`"
                                                                  : "a rule that decides about all events has `mode live`"});
  } else {
    rule.canary_share = parsed.scaled;
  }
}

bool can_be_key(const FieldSpec& field) {
  return field.type == ValueType::string || field.type == ValueType::integer || field.type == ValueType::ip;
}

void check_key(const SyntaxMode& mode, const CheckScope& scope, Reporter& reporter, CheckedRule& rule) {
  const EventSchema& event = scope.rules.event;
  if (!mode.by) {
    if (event.key_field) {
      rule.canary_key = static_cast<ColumnIndex>(*event.key_field);
    } else {
      reporter.error("R0507", mode.span, "by which key are events chosen?", "the event declares no `key`",
                     {"for example `mode canary 5% by account_id`"});
    }
    return;
  }
  if (mode.by->text.empty()) return;
  const std::optional<std::size_t> field = event.find(mode.by->text);
  if (!field) {
    const bool known = scope.find(mode.by->text).has_value();
    std::vector<std::string_view> names;
    for (const FieldSpec& each : event.fields)
      if (can_be_key(each)) names.push_back(each.name);
    reporter.error(known ? "R0507" : "R0203", mode.by->span,
                   known ? "a canary's key is a field of the event" : "unknown field " + in_backticks(mode.by->text), "",
                   did_you_mean(mode.by->text, names, reporter));
  } else if (!can_be_key(event.fields[*field])) {
    reporter.error("R0507", mode.by->span, "a canary's key is of type string, int or ip", "",
                   {"name a field that stays the same for one customer or card"});
  } else {
    rule.canary_key = static_cast<ColumnIndex>(*field);
  }
}

std::string days_text(std::int64_t days) {
  if (days == 0) return "within a day";
  return "in " + std::to_string(days) + (days == 1 ? " day" : " days");
}

}  // namespace

void check_mode(const SyntaxRule& syntax, const CheckScope& scope, Reporter& reporter, CheckedRule& rule) {
  if (syntax.expires) rule.expires_ms = syntax.expires->ms;
  if (!syntax.mode) return;
  rule.mode = syntax.mode->mode;
  if (rule.mode != RuleMode::canary) return;
  check_share(*syntax.mode, reporter, rule);
  check_key(*syntax.mode, scope, reporter, rule);
}

void warn_near_expiry(const SyntaxRule& syntax, std::int64_t now_ms, std::int64_t warning_ms, Reporter& reporter) {
  if (!syntax.expires || (syntax.mode && syntax.mode->mode == RuleMode::off)) return;
  const std::int64_t left_ms = syntax.expires->ms - now_ms;
  if (left_ms > warning_ms) return;
  const std::string rule = "rule " + in_backticks(syntax.name.text);
  if (left_ms <= 0)
    reporter.warning("R0508", syntax.expires->span, rule + " has expired",
                     "events from " + timestamp_text(syntax.expires->ms) + " on are judged without it",
                     {"remove the rule, or move its date"});
  else
    reporter.warning("R0508", syntax.expires->span, rule + " expires " + days_text(left_ms / day_ms), "",
                     {"move the date, or leave `expires` out, when the rule shall stay"});
}

}  // namespace weir
